"""Metrics for Prometheus, read from the ledger when somebody asks: `python -m worker metrics`.

The ledger counts in the step that changes what is counted, whichever process that runs in. So one exporter shows the
sums of all workers on all machines, exactly, and nothing is lost with a worker or an exporter that dies: a second
exporter shows the same (docs/decisions/0026-metrics.md).

declared    every metric once: name, type, labels, sentence
sheet       values on their way out; what is not declared does not get on it
values      one application's values, from its ledger
collector   all applications side by side, in bounded time
server      HTTP
page        docs/metrics.md
"""
