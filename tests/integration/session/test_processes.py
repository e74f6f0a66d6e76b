"""Workers as processes of their own, against the sandbox: however they meet, one of them logs in."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.synchronize import Barrier

import pytest
import redis

from stack.redis_server import RedisServer
from tests.conftest import Sandbox
from tests.integration.session.stage import ANN, KEY, PUT, USER, session_of
from worker.verdicts import Sent, Unsent, name

WORKERS = 6
_SPAWN = multiprocessing.get_context("spawn")


def _work(redis_url: str, api_url: str, start: Barrier, told: multiprocessing.Queue[str]) -> None:
    session = session_of(redis.Redis.from_url(redis_url), api_url)
    start.wait(60)
    deadline_s = time.monotonic() + 60
    verdict = session.send(PUT)
    while isinstance(verdict, Unsent) and time.monotonic() < deadline_s:
        time.sleep(verdict.again_s)  # as its slot does
        verdict = session.send(PUT)
    told.put(name(verdict))


@pytest.fixture
def user(sandbox: Sandbox) -> Sandbox:
    sandbox.client.build_world(
        users=[7, USER],
        dialogs=[{"_id": PUT.dialog_id, "type": 2, "occupants_ids": [7, USER]}],
        logins=[{"user_id": USER, "login": ANN.login, "password": ANN.password}],
    )
    return sandbox


@pytest.mark.usefixtures("redis_client")
def test_processes_that_find_none_at_once_log_in_once(redis_server: RedisServer, user: Sandbox) -> None:
    start, told = _SPAWN.Barrier(WORKERS), _SPAWN.Queue()
    workers = [_SPAWN.Process(target=_work, args=(redis_server.url, user.url, start, told)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    assert [told.get(timeout=90) for _ in workers] == ["sent"] * WORKERS
    for worker in workers:
        worker.join(30)
    calls = user.client.journal()
    assert [call.status for call in calls if call.method == "POST"] == [201]
    assert [(call.status, call.user_id) for call in calls if call.method == "PUT"] == [(200, USER)] * WORKERS


def test_a_clock_that_is_hours_off_is_mended_by_the_apis_date(redis_client: redis.Redis, user: Sandbox) -> None:
    session = session_of(redis_client, user.url)
    redis_client.hset(KEY, "ahead_s", "-9000")
    assert isinstance(session.send(PUT), Unsent)
    redis_client.hset(KEY, "next_ms", 0)
    assert isinstance(session.send(PUT), Unsent)
    assert session.send(PUT) == Sent()
    assert [call.status for call in user.client.journal()] == [422, 201, 200]
    assert abs(float(redis_client.hget(KEY, "ahead_s") or "nan")) < 60
