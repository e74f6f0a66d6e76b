"""Alerts, runbooks and dashboard name what there is; whether they work, a real Prometheus says (tests/prometheus)."""

from __future__ import annotations

import re

import pytest

from stack.services import PROJECT
from tests.prometheus.queries import ALERTS, NAMES, PROMETHEUS, dashboard, dashboard_queries, panels, selectors
from worker.metrics.declared import DECLARED

RUNBOOKS = (PROJECT / "docs" / "running.md").read_text(encoding="utf-8")
SERIES = {
    metric.name + suffix
    for metric in DECLARED
    for suffix in (("_bucket", "_count", "_sum") if metric.kind == "histogram" else ("",))
}


@pytest.mark.parametrize("name", NAMES)
def test_each_alert_is_tested_and_has_a_runbook(name: str) -> None:
    tests = (PROMETHEUS / "alerts_test.yml").read_text(encoding="utf-8")
    assert re.search(rf"alertname: {name}\n +exp_alerts:\n +- exp_labels", tests), "no test in which it fires"
    assert f"runbook: docs/running.md#alert-{name.lower()}\n" in ALERTS
    assert f"\n## Alert: {name}\n" in RUNBOOKS


def test_there_is_no_runbook_for_an_alert_that_is_not_there() -> None:
    assert re.findall(r"^## Alert: (\w+)$", RUNBOOKS, re.MULTILINE) == NAMES


def test_alerts_and_dashboard_name_declared_metrics_only() -> None:
    named = {name for query in [ALERTS, *dashboard_queries()] for name in selectors(query)}
    named = {selector.partition("{")[0] for selector in named} - {"up"}
    assert named <= SERIES


def test_the_dashboard_shows_every_metric() -> None:
    shown = {selector.partition("{")[0] for query in dashboard_queries() for selector in selectors(query)}
    missing = {metric.name for metric in DECLARED if not any(name.startswith(metric.name) for name in shown)}
    assert missing == set()


def test_no_panel_covers_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_each_panel_says_what_it_shows_and_asks_the_chosen_prometheus() -> None:
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith((".", "list", "consumes receipts.sync."))
        for each in (panel, *panel["targets"]):
            assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
