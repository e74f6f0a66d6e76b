"""Events for Flower: bounded, told by workers alone, and in nobody's way."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from celery import Celery

from stack.ports import free_port
from tests.forking import in_a_child
from tests.running import until
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


def test_each_outage_of_the_broker_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("worker.events._AGAIN_S", 0.01)
    away, sent = threading.Event(), []

    def connect() -> object:
        if away.is_set():
            raise OSError("away")
        return nullcontext()

    def send(type_: str, **_: object) -> None:
        if away.is_set():
            raise OSError("away")
        sent.append(type_)

    dispatcher = SimpleNamespace(send=send, flush=lambda **_: None)
    app = SimpleNamespace(connection_for_write=connect, events=SimpleNamespace(Dispatcher=lambda *_, **__: dispatcher))
    monkeypatch.setattr("worker.events.current_app", SimpleNamespace(_get_current_object=lambda: app))
    told = Events()
    told.hostname = "worker@test"

    def said() -> int:
        return sum("events for Flower are lost" in record.getMessage() for record in caplog.records)

    for outage in (1, 2):
        told.tell(EVENT)
        assert told.wait_until_told(10)
        assert len(sent) == outage
        away.set()
        told.tell(EVENT)
        until(lambda outage=outage: said() == outage, "the outage")  # type: ignore[misc]
        away.clear()
    told.tell(EVENT)
    assert told.wait_until_told(10)
    assert said() == 2


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
