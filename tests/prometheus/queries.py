"""The alerts' names and the dashboard's queries, with Grafana's variables filled in."""

from __future__ import annotations

import json
import re
from typing import Any

from stack.services import PROJECT

DASHBOARD = PROJECT / "docker" / "grafana" / "receipt-sync.json"
PROMETHEUS = PROJECT / "docker" / "prometheus"
ALERTS = (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8")
NAMES = re.findall(r"^ +- alert: (\w+)$", ALERTS, re.MULTILINE)
_VARIABLES = {"$application": ".*", "$__rate_interval": "1m"}


def dashboard() -> dict[str, Any]:
    """The dashboard."""
    found: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return found


def panels() -> list[dict[str, Any]]:
    """Its panels, without the rows that are their headings."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def dashboard_queries() -> list[str]:
    """Every query as Grafana sends it."""
    return [_filled(target["expr"]) for panel in panels() for target in panel["targets"]]


def selectors(expression: str) -> list[str]:
    """What an expression takes from the database: each metric with its labels and without its range."""
    return re.findall(r"\b(?:receipts_[a-z_]+|up)\b(?:\{[^}]*\})?", expression)


def _filled(expression: str) -> str:
    for name, value in _VARIABLES.items():
        expression = expression.replace(name, value)
    if "$" in expression:
        raise ValueError(f"{expression}: expected no other variable than {', '.join(_VARIABLES)}")
    return expression
