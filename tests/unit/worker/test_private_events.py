"""What counts as told already: the same line of the same application, the same error at the same place."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from worker import private_events


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_events, "_last_told_s", {})


def is_told(sentence: str, fields: object) -> bool:
    record = logging.LogRecord("worker.acting", logging.ERROR, __file__, 1, sentence, (), None)
    record.fields = fields
    event: Any = {"logger": record.name, "logentry": {"message": sentence}}
    return private_events.before_send(event, {"log_record": record}) is not None


def test_the_same_line_of_another_application_is_another_trouble() -> None:
    sentence = "the API refuses the login: application=%(application)s"
    told = [is_told(sentence, {"application": name}) for name in ("shop", "chat", "shop")]
    assert told == [True, True, False]


@pytest.mark.parametrize("fields", [None, {}, "no fields of ours"])
def test_a_line_without_an_application_is_told_once(fields: object) -> None:
    assert [is_told("something else", fields) for _ in range(2)] == [True, False]


def test_another_line_of_the_same_application_is_told() -> None:
    assert [is_told(sentence, {"application": "shop"}) for sentence in ("one", "another")] == [True, True]
