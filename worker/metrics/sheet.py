"""The sheet: values on their way to Prometheus. What is not declared does not get on it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from worker.ledger.timings import Timings
from worker.metrics.declared import DECLARED, Metric

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
Value = float | Timings


class UndeclaredMetricError(LookupError):
    """A metric, a label or a label's value that worker/metrics/declared.py does not know."""


class Sheet:
    """One answer to Prometheus; families stand in the order in which they are declared."""

    def __init__(self) -> None:
        self._families = {metric: _family(metric) for metric in DECLARED}

    def add(self, application: str, metric: Metric, value: Value, labels: Mapping[str, str]) -> None:
        """Puts down one value.

        Raises:
            UndeclaredMetricError: it is not declared, or not with these labels.
        """
        family = self._families.get(metric)
        if family is None:
            raise UndeclaredMetricError(f"{metric.name} is not declared")
        unknown = {name: text for name, text in labels.items() if text not in metric.labels.get(name, ())}
        if unknown or labels.keys() != metric.labels.keys():
            raise UndeclaredMetricError(
                f"{metric.name} is declared with {dict(metric.labels)}, not with {dict(labels)}"
            )
        texts = [application, *(labels[name] for name in metric.labels)]
        match family, value:
            case HistogramMetricFamily(), Timings():
                family.add_metric(texts, _buckets(value), value.sum_s)
            case ((CounterMetricFamily() | GaugeMetricFamily()), float() | int()):
                family.add_metric(texts, value)
            case _:
                raise UndeclaredMetricError(f"{metric.name} is declared as a {metric.kind}, its value is {value!r}")

    def families(self) -> Iterable[Family]:
        """Everything, as prometheus_client takes it."""
        return self._families.values()


def _family(metric: Metric) -> Family:
    labels = ["application", *metric.labels]
    match metric.kind:
        case "counter":
            return CounterMetricFamily(metric.name, metric.sentence, labels=labels)
        case "gauge":
            return GaugeMetricFamily(metric.name, metric.sentence, labels=labels)
        case "histogram":
            return HistogramMetricFamily(metric.name, metric.sentence, labels=labels)


def _buckets(value: Timings) -> list[tuple[str, float]]:
    return [("+Inf" if math.isinf(bound) else repr(bound), float(n)) for bound, n in value.counted.items()]
