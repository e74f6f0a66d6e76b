"""What repeats itself is cut short, and the rest is told as a number."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator

import jsonschema
import pytest

from tests.forking import in_a_child
from worker.logs import events
from worker.logs.lines import JsonLines
from worker.logs.repetition import Repetition
from worker.logs.schema import schema

MOST = 3


class Kept(logging.Handler):
    """A handler that keeps what its filter lets through, and what sums up."""

    def __init__(self, window_s: float) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.told = threading.Event()
        self.repetition = Repetition(MOST, self.tell, window_s)
        self.addFilter(self.repetition)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def tell(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.told.set()


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("worker.example")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield logger
    logger.handlers.clear()


def fail(log: logging.Logger, times: int, application: str = "shop") -> None:
    for _ in range(times):
        events.TICK_FAILED.say(log, application=application, error="TimeoutError")


def test_the_rest_is_one_line(log: logging.Logger) -> None:
    kept = Kept(window_s=60)
    log.addHandler(kept)
    fail(log, MOST + 1312)
    kept.repetition.tell_all()
    *said, rest = kept.records
    assert len(said) == MOST
    line = json.loads(JsonLines({}).format(rest))
    jsonschema.validate(line, schema())
    assert line["message"].startswith("and 1,312 more within a minute: tick failed")
    assert (line["event"], line["level"], line["more"], line["application"]) == ("tick.failed", "ERROR", 1312, "shop")


def test_the_rest_is_told_when_the_window_ends_and_a_new_one_begins_anew(log: logging.Logger) -> None:
    kept = Kept(window_s=1)
    log.addHandler(kept)
    fail(log, MOST + 1)
    assert kept.told.wait(10)
    fail(log, MOST)
    assert len(kept.records) == MOST + 1 + MOST


def test_events_and_applications_are_counted_apart(log: logging.Logger) -> None:
    kept = Kept(window_s=60)
    log.addHandler(kept)
    fail(log, MOST + 1, "shop")
    fail(log, MOST + 1, "games")
    for number in range(MOST + 1):
        log.warning("one template, number %d", number)
    log.warning("another template")
    assert len(kept.records) == 3 * MOST + 1


def test_lines_for_those_who_debug_are_all_written(log: logging.Logger) -> None:
    kept = Kept(window_s=60)
    log.addHandler(kept)
    for _ in range(10 * MOST):
        log.debug("a step")
    assert len(kept.records) == 10 * MOST


def test_a_process_that_ends_tells_its_rest(log: logging.Logger) -> None:
    kept = Kept(window_s=60)
    log.addHandler(kept)
    fail(log, MOST + 2)
    kept.repetition.tell_all()
    kept.repetition.tell_all()
    assert [getattr(record, "fields", {}).get("more") for record in kept.records] == [None] * MOST + [2]


def test_a_forked_child_tells_nothing_of_its_parents(log: logging.Logger) -> None:
    kept = Kept(window_s=60)
    log.addHandler(kept)
    fail(log, MOST + 2)

    def tells() -> int:
        kept.told.clear()
        kept.repetition.tell_all()
        return int(kept.told.is_set())

    assert in_a_child(tells) == 0
