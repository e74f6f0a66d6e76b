"""Celery's own loop and pool, with a process whose watch was forgotten and which is still in the pool."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery.concurrency.asynpool import AsynPool
from celery.worker.consumer import Consumer
from kombu.asynchronous.hub import Hub

from worker.dead_watches import forget_dead_watches
from worker.guard.consumer import GuardedConsumer


@pytest.fixture
def hub() -> Iterator[Any]:
    hub: Any = Hub()  # type: ignore[no-untyped-call]
    yield hub
    hub.close()


@pytest.fixture
def dying() -> Iterator[Any]:
    """A process that the kernel has not finished with: its end of the pipe is closed, it is in the pool still."""
    ours, its = os.pipe()
    os.close(its)
    yield SimpleNamespace(_popen=SimpleNamespace(sentinel=ours), _sentinel_poll=None)
    os.close(ours)


def pool_of(*processes: object) -> Any:
    pool: Any = object.__new__(AsynPool)
    pool._pool = list(processes)
    return pool


def test_celery_cannot_watch_what_it_has_forgotten(hub: Any, dying: Any) -> None:
    """If this fails, Celery has been mended, and the module can go."""
    pool = pool_of(dying)
    with pytest.raises(ValueError, match="file descriptor is None"):
        pool._track_child_process(dying, hub)


def test_it_is_watched_anew_and_tells_at_once_that_it_is_dead(hub: Any, dying: Any) -> None:
    pool, told = pool_of(dying), []
    pool._event_process_exit = lambda _hub, process: told.append(process)
    assert forget_dead_watches(SimpleNamespace(_pool=pool)) == 1
    pool._track_child_process(dying, hub)
    [(descriptor, _event)] = hub.poller.poll(1)
    callback, arguments = hub.readers[descriptor]
    callback(*arguments)
    assert told == [dying]
    hub.remove(descriptor)
    os.close(descriptor)


def test_living_processes_and_other_pools_are_left_alone() -> None:
    watched, new = SimpleNamespace(_sentinel_poll=7), SimpleNamespace()
    assert forget_dead_watches(SimpleNamespace(_pool=pool_of(watched, new))) == 0
    assert (watched._sentinel_poll, vars(new)) == (7, {})
    empty = SimpleNamespace(_pool=None)
    assert [forget_dead_watches(pool) for pool in (None, SimpleNamespace(), empty, SimpleNamespace(_pool=empty))] == [
        0
    ] * 4


def test_it_is_done_before_every_loop(monkeypatch: pytest.MonkeyPatch, dying: Any) -> None:
    consumer = object.__new__(GuardedConsumer)
    consumer.pool = SimpleNamespace(_pool=pool_of(dying))
    monkeypatch.setattr(Consumer, "loop_args", lambda _self: "what Celery's loop is given")
    assert consumer.loop_args() == "what Celery's loop is given"
    assert not hasattr(dying, "_sentinel_poll")
