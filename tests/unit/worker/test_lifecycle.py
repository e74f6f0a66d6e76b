from __future__ import annotations

import time
from types import SimpleNamespace

import billiard
import billiard.pool
import pytest
from celery import Celery

from worker import lifecycle


def test_a_process_waits_five_seconds_for_a_result_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle.install(Celery())
    slept_s: list[float] = []
    monkeypatch.setattr(time, "sleep", slept_s.append)
    unread = SimpleNamespace(on_ready_counter=SimpleNamespace(value=0))
    assert not billiard.pool.Worker._ensure_messages_consumed(unread, completed=1)
    assert sum(slept_s) == pytest.approx(5)


def test_the_pool_forks_where_billiard_would_spawn() -> None:
    billiard.set_start_method("spawn", force=True)
    lifecycle.install(Celery())
    assert billiard.get_start_method() == "fork"


def test_a_worker_that_runs_ends_no_request() -> None:
    assert not lifecycle.stopping()
    assert lifecycle.stopping_for_s() == 0
    assert not lifecycle.too_late(0)()
