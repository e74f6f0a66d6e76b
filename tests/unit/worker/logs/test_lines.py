"""Both forms of a line."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import jsonschema
import pytest
from celery.app import trace

from worker.logs import events
from worker.logs.lines import HumanLines, JsonLines, plain
from worker.logs.schema import schema

log = logging.getLogger("worker.example")


def record(caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    events.TICK_FAILED.say(log, application="shop", error="TimeoutError\nERROR a forged line")
    return caplog.records[0]


def line_of(made: logging.LogRecord) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(JsonLines({"worker": "w@h", "release": "1.2.3"}).format(made))
    jsonschema.validate(line, schema())
    return line


def test_json_has_the_fields_and_the_sentence(caplog: pytest.LogCaptureFixture) -> None:
    line = line_of(record(caplog))
    assert (line["event"], line["level"], line["application"]) == ("tick.failed", "ERROR", "shop")
    assert (line["worker"], line["release"], line["logger"]) == ("w@h", "1.2.3", "worker.example")
    assert line["message"].startswith("tick failed, ticking goes on: application=shop error=TimeoutError")


def test_an_event_without_fields_is_its_sentence(caplog: pytest.LogCaptureFixture) -> None:
    events.DOORBELL_FOREIGN.say(log)
    assert line_of(caplog.records[0])["message"] == events.DOORBELL_FOREIGN.sentence


def test_nobody_forges_a_line_of_either_form(caplog: pytest.LogCaptureFixture) -> None:
    made = record(caplog)
    for lines in (JsonLines({}), HumanLines(colour=False)):
        assert "\n" not in lines.format(made)
    assert plain("\x1b[2Jgone") == r"\x1b[2Jgone"


def test_a_person_reads_time_level_process_and_sentence(caplog: pytest.LogCaptureFixture) -> None:
    made = record(caplog)
    said = HumanLines(colour=False).format(made)
    assert said.split(maxsplit=3)[1:3] == ["ERROR", "MainProcess"]
    assert r"error=TimeoutError\nERROR a forged line" in said
    assert HumanLines(colour=True).format(made).startswith("\x1b[31;1m")


def test_a_task_of_celerys_has_its_id_and_neither_arguments_nor_result() -> None:
    data = {"id": "id-1", "name": "receipts.edit_message", "runtime": 0.25, "return_value": "x", "args": "secret"}
    said = {"msg": trace.LOG_SUCCESS, "args": data, "data": data}
    line = line_of(logging.makeLogRecord({"name": "celery", "levelno": 10, **said}))
    assert (line["event"], line["task"], line["task_id"], line["duration_ms"]) == (
        "task.succeeded",
        "receipts.edit_message",
        "id-1",
        250,
    )
    assert "secret" not in json.dumps(line)


def test_critical_is_an_error_and_a_traceback_is_one_field() -> None:
    try:
        int("words")
    except ValueError:
        made = logging.makeLogRecord({"name": "kombu", "levelno": 50, "msg": "no", "exc_info": sys.exc_info()})
    line = line_of(made)
    assert (line["level"], line["event"]) == ("ERROR", "library")
    assert "ValueError: invalid literal" in line["traceback"]


@pytest.mark.parametrize(
    "wrong",
    [{"event": "no.such"}, {"text": "private"}, {"level": "FATAL"}, {"slot": "m:dialog:user"}, {"application": 7}],
)
def test_the_schema_refuses(caplog: pytest.LogCaptureFixture, wrong: dict[str, Any]) -> None:
    line = line_of(record(caplog)) | wrong
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(line, schema())


def test_the_schema_wants_an_events_fields_and_no_others(caplog: pytest.LogCaptureFixture) -> None:
    line = line_of(record(caplog))
    for wrong in ({name: line[name] for name in line if name != "error"}, line | {"crashes": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema())
