"""Writes docs/metrics.md from what is declared, or checks that it is what they say.

python -m worker.metrics.page docs/metrics.md
python -m worker.metrics.page --check docs/metrics.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from worker.ledger.timings import BOUNDS_MS
from worker.metrics.declared import DECLARED, Metric

_OPENING = """\
# Metrics

<!-- Made by `make docs` from worker/metrics/: change that, not this page. -->

`python -m worker metrics` (`metrics` in the Procfile and in compose) serves them at `/metrics`, for every application
that is configured; by default at 127.0.0.1, port 9464 (`--address`, `--port`; the Procfile and compose fill them from
`METRICS_ADDRESS` and `METRICS_PORT`). `/healthz` says that the process answers, and asks no Redis.

Prometheus' side stands in [docker/prometheus](../docker/prometheus): `prometheus.yml` and the alerts, whose
runbooks are in [running.md](running.md). A dashboard for Grafana is
[docker/grafana](../docker/grafana)/receipt-sync.json. Its queries and the alerts' run in a test against a real
Prometheus, on a real worker's ledger (`make test-packages`). Grafana itself was not at hand: how the dashboard
looks was not seen, only that its JSON is what Grafana's documentation asks for.

- **They are the ledger's own counts,** read from Redis with every scrape ([decision
  26](decisions/0026-metrics.md)): the sums of all workers on all machines, exact, also after workers or the
  exporter were killed. One exporter is enough. Two show the same, so do not add them up: `max by (application)
  (…)`.
- An application whose ledger cannot be read is `receipts_up` 0 and has no other values; the others have theirs. An
  answer takes 8 s at most, and two round trips to Redis for each application.
- Every metric has the label `application`. Nothing else in them comes from receipts: no dialog, user, text or
  token. There is no password; keep the port to those who may know how much is sent.
- The accounts agree in every scrape: `sum(receipts_recorded_total)` = `receipts_covered_total` + `receipts_dead` +
  `receipts_pending` + `receipts_in_flight`; `receipts_unbalanced` is the difference.
- Counters begin anew when the ledger is lost, and never otherwise.

"""


def page() -> str:
    """The page's text."""
    return "\n".join([_OPENING + "\n".join(_table()), *_bounds()]) + "\n"


def _table() -> Iterator[str]:
    yield "| metric | type | of | labels | |"
    yield "| --- | --- | --- | --- | --- |"
    for metric in DECLARED:
        cells = (f"`{metric.name}`", metric.kind, metric.unit, _labels(metric), metric.sentence)
        yield "| " + " | ".join(cells) + " |"


def _labels(metric: Metric) -> str:
    return "; ".join(f"`{name}`: {', '.join(values)}" for name, values in metric.labels.items())


def _bounds() -> Iterator[str]:
    yield "\n## Buckets\n"
    for name, metric in (("wait", "receipts_wait_seconds"), ("put", "receipts_put_duration_seconds")):
        yield f"- `{metric}`: {', '.join(f'{bound / 1000:g}' for bound in BOUNDS_MS[name])} s."


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes or checks the page; the exit status is 1 if it is not what is declared."""
    parser = argparse.ArgumentParser(prog="python -m worker.metrics.page", description="Write the page of the metrics.")
    parser.add_argument("path", type=Path, help="the page, docs/metrics.md")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is not up to date")
    options = parser.parse_args(arguments)
    if not options.check:
        options.path.write_text(page(), encoding="utf-8")
        return 0
    if options.path.is_file() and options.path.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{options.path} is not what worker/metrics/ says; `make docs` writes it.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
