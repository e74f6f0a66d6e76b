import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from worker.ledger.timings import timings
from worker.metrics import declared
from worker.metrics.declared import DECLARED, Metric
from worker.metrics.sheet import Sheet, UndeclaredMetricError

UNDECLARED = Metric("receipts_undeclared", "gauge", "receipts", "Nobody knows it.")


def test_an_undeclared_metric_raises() -> None:
    with pytest.raises(UndeclaredMetricError, match="receipts_undeclared is not declared"):
        Sheet().add("default", UNDECLARED, 1, {})


@pytest.mark.parametrize(
    "labels", [{}, {"verdict": "splendid"}, {"why": "outage"}, {"verdict": "sent", "why": "outage"}]
)
def test_so_does_a_label_or_a_value_of_one_that_is_not_declared(labels: dict[str, str]) -> None:
    with pytest.raises(UndeclaredMetricError, match="receipts_puts_total is declared with"):
        Sheet().add("default", declared.PUTS, 1, labels)


def test_so_does_a_value_of_another_type() -> None:
    with pytest.raises(UndeclaredMetricError, match="declared as a gauge"):
        Sheet().add("default", declared.PENDING, timings({}, "put"), {})
    with pytest.raises(UndeclaredMetricError, match="declared as a histogram"):
        Sheet().add("default", declared.WAIT, 1, {})


@pytest.mark.parametrize("metric", DECLARED, ids=lambda metric: metric.name)
def test_a_name_says_type_and_unit_as_prometheus_wants_it(metric: Metric) -> None:
    """https://prometheus.io/docs/practices/naming/."""
    assert re.fullmatch(r"receipts(_[a-z]+)+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.endswith("_seconds") == (metric.unit == "seconds")
    assert metric.sentence.endswith(".")
    assert "\n" not in metric.sentence
    assert "|" not in metric.sentence, "it stands in a table"


def test_each_is_declared_once() -> None:
    assert len({metric.name for metric in DECLARED}) == len(DECLARED)


def test_a_histogram_is_as_prometheus_reads_it() -> None:
    sheet, counts = Sheet(), {b"put_le_50": b"2", b"put_le_inf": b"1", b"put_ms": b"41000"}
    sheet.add("default", declared.PUT_DURATION, timings(counts, "put"), {})
    (family,) = (each for each in sheet.families() if each.name == declared.PUT_DURATION.name)
    samples = {(sample.name, sample.labels.get("le")): sample.value for sample in family.samples}
    assert samples["receipts_put_duration_seconds_bucket", "0.025"] == 0
    assert samples["receipts_put_duration_seconds_bucket", "0.05"] == 2
    assert samples["receipts_put_duration_seconds_bucket", "30.0"] == 2
    assert samples["receipts_put_duration_seconds_bucket", "+Inf"] == 3
    assert samples["receipts_put_duration_seconds_count", None] == 3
    assert samples["receipts_put_duration_seconds_sum", None] == 41


def test_families_are_read_again_as_they_were_declared() -> None:
    text = "".join(
        f"# HELP {metric.name} {metric.sentence}\n# TYPE {metric.name} {metric.kind}\n" for metric in DECLARED
    )
    assert [family.type for family in text_string_to_metric_families(text)] == [metric.kind for metric in DECLARED]
