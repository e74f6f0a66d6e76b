"""One queue for many threads, a process and its forked children, and greenlets: nothing lost, nothing mixed up."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import redis

from receipt_sync import AsyncReceiptQueue, LocalBuffer, ReceiptQueue
from stack.ports import free_port
from stack.redis_server import RedisServer
from stack.services import PROJECT, environment
from tests.integration import gevent_app, preloaded_app
from tests.ledger_audit import Accounts, audit
from tests.shorthand import DIALOG, USER, dialogs

BY_ONE_THREAD = preloaded_app.EACH
BY_ONE_PROCESS = preloaded_app.THREADS * preloaded_app.EACH
BY_GREENLETS = gevent_app.GREENLETS * gevent_app.EACH


def recorded(client: redis.Redis) -> int:
    """How many receipts; all of them have to wait in their slots."""
    accounts = audit(client, "default")
    assert accounts == Accounts(recorded=accounts.recorded, pending=accounts.recorded)
    return accounts.recorded


def test_many_threads_record_through_one_queue(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    queue = ReceiptQueue(redis_server.url, timeout_s=10)

    def record(thread: int) -> None:
        for number in range(40):
            queue.mark_dialog_read(DIALOG, user_id=1 + 40 * thread + number)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(record, range(16)))
    assert recorded(redis_client) == 16 * 40
    assert len(redis_client.keys(f"rs:{{default}}:m:{DIALOG}:*")) == 16 * 40


def test_threads_that_keep_while_redis_comes_back_leave_nothing_behind(tmp_path: Path) -> None:
    buffer = LocalBuffer(retry_s=0.01)
    with RedisServer(tmp_path / "redis", fsync="always") as server:
        queue = ReceiptQueue(server.url, timeout_s=10, when_down=buffer)
        server.kill()

        def record(dialog: str) -> None:
            for user in range(1, 101):
                queue.mark_dialog_read(dialog, user_id=user)

        with ThreadPoolExecutor(8) as threads:
            done = [threads.submit(record, dialog) for dialog in dialogs(8)]
            server.restart()
            for each in done:
                each.result()
        queue.close()
        assert len(buffer) == 0
        with server.client() as client:
            assert recorded(client) == 800


# Forks ----------------------------------------------------------------------------------------------------------


def preloaded(way: str, url: str) -> Any:
    """Runs a way of preloaded_app.py; answers what it says."""
    command = [sys.executable, "-m", "tests.integration.preloaded_app", way, url]
    ran = subprocess.run(
        command, cwd=PROJECT, env=environment({}), capture_output=True, text=True, timeout=90, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_children_of_a_preloaded_app_record_beside_it(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    connections = preloaded("preload", redis_server.url_of("default"))
    # No two processes speak over one socket.
    assert all(isinstance(each, int) for each in connections), connections
    assert len(set(connections)) == 1 + preloaded_app.CHILDREN
    assert recorded(redis_client) == (2 + preloaded_app.CHILDREN) * BY_ONE_PROCESS


def test_processes_of_multiprocessing_record_beside_their_parent(
    redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    preloaded("pool", redis_server.url)
    assert recorded(redis_client) == (2 + preloaded_app.CHILDREN) * BY_ONE_THREAD


def test_a_fork_while_other_threads_hold_every_lock_hangs_nobody(
    redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    kept, said = preloaded("busy", redis_server.url)
    assert kept == BY_ONE_THREAD
    assert said == [0, BY_ONE_THREAD, 0, "cluster: ConnectionError"]
    assert recorded(redis_client) == BY_ONE_THREAD


# asyncio --------------------------------------------------------------------------------------------------------


def test_the_async_queue_says_so_in_another_loop_and_stores_nothing(
    redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    queue = AsyncReceiptQueue(redis_server.url, timeout_s=10)

    async def many() -> None:
        await asyncio.gather(*(queue.mark_dialog_read(dialog, user_id=USER) for dialog in dialogs(300)))

    async def in_another_loop() -> None:
        for refused in (queue.mark_dialog_read(DIALOG, user_id=USER), queue.aclose()):
            with pytest.raises(RuntimeError, match="another event loop: make one for each"):
                await refused

    with asyncio.Runner() as first:
        first.run(many())
        asyncio.run(in_another_loop())
        assert recorded(redis_client) == 300
        first.run(many())
        first.run(queue.aclose())
    assert recorded(redis_client) == 600


def test_the_async_queue_says_so_after_a_fork_and_another_records(
    redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    said = preloaded("loop", redis_server.url)
    assert said == ["this AsyncReceiptQueue is its parent process' own: make one after the fork"] * 3
    assert recorded(redis_client) == 2


# gevent ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def hanging() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        yield f"redis://127.0.0.1:{silent.getsockname()[1]}/0"


def test_greenlets_record_through_one_queue_and_wait_without_holding_up_the_others(
    redis_server: RedisServer, redis_client: redis.Redis, tmp_path: Path, hanging: str
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.integration.gevent_app"]
    urls = [redis_server.url, f"redis://127.0.0.1:{port}/0", hanging]
    with (
        subprocess.Popen([*command, *urls], cwd=PROJECT, env=environment({}), stdout=subprocess.PIPE, text=True) as app,
        ExitStack() as ends,
    ):
        ends.callback(app.kill)  # what fails here must not wait for a program that waits for the rest of the test
        assert app.stdout
        said = (json.loads(line) for line in app.stdout)
        first = next(said)
        assert first["patched"] is True
        # A connection, then an answer that never comes, twice: the others have had their turns meanwhile.
        assert first["ticks"] > gevent_app.TIMEOUT_S / gevent_app.TICK_S / 2
        assert next(said) == {"child": 0}
        assert recorded(redis_client) == 3 * BY_GREENLETS
        assert next(said) == {"kept": BY_GREENLETS, "threads": 1}
        with RedisServer(tmp_path / "later", port) as later, later.client() as client:
            assert next(said) == {"left": 0, "threads": 0}
            assert recorded(client) == BY_GREENLETS
        assert app.wait(30) == 0
