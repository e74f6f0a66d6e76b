from __future__ import annotations

import time
from types import SimpleNamespace

import billiard
import billiard.pool
import pytest
from celery import Celery
from celery.apps.worker import Worker

from worker import lifecycle


def test_a_process_waits_five_seconds_for_a_result_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle.install(Celery(), None)
    slept_s: list[float] = []
    monkeypatch.setattr(time, "sleep", slept_s.append)
    unread = SimpleNamespace(on_ready_counter=SimpleNamespace(value=0))
    assert not billiard.pool.Worker._ensure_messages_consumed(unread, completed=1)
    assert sum(slept_s) == pytest.approx(5)


def test_the_pool_forks_where_billiard_would_spawn() -> None:
    billiard.set_start_method("spawn", force=True)
    lifecycle.install(Celery(), None)
    assert billiard.get_start_method() == "fork"


def test_a_worker_that_runs_ends_no_request() -> None:
    assert not lifecycle.stopping()
    assert lifecycle.stopping_for_s() == 0
    assert not lifecycle.too_late(0)()


@pytest.mark.parametrize(
    ("processes", "syncs_most", "ahead"),
    [(4, 2, 4), (3, 2, 4), (2, 2, 1), (1, 2, 1), (4, 4, 1), (4, None, 4), (2, None, 4), (1, None, 1)],
)
def test_messages_are_taken_ahead_only_where_a_process_is_always_free_of_syncs(
    processes: int, syncs_most: int | None, ahead: int
) -> None:
    assert lifecycle.messages_ahead(processes, syncs_most) == ahead


@pytest.mark.parametrize(("concurrency", "ahead"), [(4, 4), (2, 1), ("auto", 1), (None, 1)])
def test_a_worker_takes_them_by_the_size_of_its_pool(
    monkeypatch: pytest.MonkeyPatch, concurrency: int | str | None, ahead: int
) -> None:
    monkeypatch.setattr(Worker, "setup_instance", lambda *_args, **_kwargs: None)  # starts nothing
    monkeypatch.setattr(Worker, "on_before_init", lambda *_args, **_kwargs: None)  # tells every Celery of this process
    app = Celery(set_as_current=False)
    app.conf.worker_prefetch_multiplier = 1
    lifecycle.install(app, syncs_most=2)
    assert app.Worker(concurrency=concurrency).prefetch_multiplier == ahead
