"""Events for Flower: bounded, told by workers alone, and in nobody's way."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from celery import Celery

from stack.ports import free_port
from tests.forking import in_a_child
from worker.events import Event, Events, events

EVENT = Event("task-failed", {"uuid": "a-task", "name": "receipts.put"})


def test_a_broker_that_is_away_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Celery(broker=f"redis://127.0.0.1:{free_port()}/0", set_as_current=False)
    monkeypatch.setattr("worker.events.current_app", SimpleNamespace(_get_current_object=lambda: app))
    told = Events()
    told.hostname = "worker@test"
    begun_s = time.monotonic()
    told.tell(EVENT)
    assert not told.wait_until_told(0.2)
    assert time.monotonic() - begun_s < 2


def test_where_no_worker_runs_nothing_is_told_and_no_thread_started() -> None:
    told = Events()
    told.tell(EVENT)
    assert told._thread is None
    assert told.wait_until_told(0)


def test_what_does_not_fit_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Events()
    told.hostname = "worker@test"
    monkeypatch.setattr(told, "_publish_for_ever", lambda: None)
    told.tell(*[EVENT] * 1200)
    told.tell(EVENT)
    assert told.left_out == 201
    assert not told.wait_until_told(0.01)


def test_a_forked_process_begins_anew() -> None:
    events.hostname = "worker@test"
    events.left_out = 3
    assert in_a_child(lambda: events.left_out) == 0
    events.hostname, events.left_out = "", 0
