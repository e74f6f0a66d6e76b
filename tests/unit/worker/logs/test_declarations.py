"""Every event is declared once, said somewhere, and said with what it declares; the page and the schema follow."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stack.services import PROJECT
from worker.logs import events, page
from worker.logs.event import Event, UndeclaredFieldError
from worker.logs.fields import OWN

log = logging.getLogger(__name__)
LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for room in ("worker", "tasks"):
        for path in sorted((PROJECT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield path.relative_to(PROJECT), node


def test_no_line_is_written_past_the_declarations() -> None:
    loggers = {"log", "logger", "logging"}
    found = [
        f"{path}:{call.lineno}"
        for path, call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in LEVELS
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in loggers
    ]
    assert [place for place in found if not place.startswith("worker/logs/event.py")] == []


def test_every_declared_event_is_said_with_its_fields() -> None:
    declared = {name: each for name, each in vars(events).items() if isinstance(each, Event)}
    assert len(declared) == len(events.OURS), "two events have one name"
    mentioned: set[str] = set()
    for path in sorted((PROJECT / "worker").rglob("*.py")) + sorted((PROJECT / "tasks").rglob("*.py")):
        if path != PROJECT / "worker" / "logs" / "events.py":
            text = path.read_text(encoding="utf-8")
            mentioned |= {name for name in declared if f"events.{name}" in text}
    assert mentioned == declared.keys()
    for path, call in calls():
        of = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "say" else None
        if isinstance(of, ast.Attribute):
            event, given = declared[of.attr], {word.arg for word in call.keywords} - {"because"}
            assert set(event.required) <= given <= {*event.required, *event.optional}, f"{path}:{call.lineno}"


def test_every_field_is_declared_and_used() -> None:
    used = {field for each in events.OURS.values() for field in (*each.required, *each.optional)}
    assert used | {"task", "task_id"} == OWN.keys()


@pytest.mark.parametrize("fields", [{}, {"application": "a", "error": "E", "text": "a private text"}])
def test_an_undeclared_or_missing_field_raises_in_tests(fields: dict[str, Any]) -> None:
    with pytest.raises(UndeclaredFieldError, match=r"tick\.failed"):
        events.TICK_FAILED.say(log, **fields)


def test_the_page_and_the_schema_are_what_the_code_says() -> None:
    for path, text in page.wanted(PROJECT / "docs").items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is old: run `make docs`"
