"""The schema of a log line, made from the declarations: docs/log-line.schema.json."""

from __future__ import annotations

from typing import Any

from worker.logs import celery_lines
from worker.logs.events import OURS
from worker.logs.fields import ALL, COMMON, WHERE

_OF_TASKS = ("task", "task_id", "duration_ms")


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one line. An event may have its own fields, and no others."""
    own = [_only(each.name, each.required, (*each.required, *each.optional)) for each in OURS.values()]
    theirs = [_only(name, (), _OF_TASKS) for name in celery_lines.MEANINGS]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A log line of receipt sync",
        "type": "object",
        "required": list(COMMON),
        "properties": {name: _property(name) for name in ALL},
        "additionalProperties": False,
        "allOf": [*own, *theirs],
    }


def _property(name: str) -> dict[str, Any]:
    field = ALL[name]
    stated: dict[str, Any] = {"type": field.kind, "description": field.meaning}
    if name == "level":
        stated["enum"] = ["ERROR", "WARNING", "INFO", "DEBUG"]
    if name == "event":
        stated["enum"] = [*OURS, *celery_lines.MEANINGS]
    if name == "time":
        stated["pattern"] = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
    if name == "slot":
        stated["pattern"] = "^[0-9a-f]{12}$"
    return stated


def _only(event: str, required: tuple[str, ...], fields: tuple[str, ...]) -> dict[str, Any]:
    """For one event. The line that sums up (`more`) has none of the fields but the application."""
    return {
        "if": {"properties": {"event": {"const": event}}},
        "then": {
            "propertyNames": {"enum": [*COMMON, *WHERE, *fields]},
            "anyOf": [{"required": list(required)}, {"required": ["more"]}],
        },
    }
