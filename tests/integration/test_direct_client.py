"""The producers' client borrows its connections: nobody gets another's answer, and the pool goes on checking them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import redis

from receipt_sync import direct
from receipt_sync.connection import connect
from receipt_sync.direct import DirectClient
from stack.redis_server import RedisServer

THREADS, EACH = 24, 50
FORKING = """
import os, sys
from receipt_sync.connection import connect

client = connect("url", sys.argv[1], 10)
client.echo("before the fork")
children = []
for child in range(4):
    if (pid := os.fork()) == 0:
        os._exit(any(client.echo(f"{child}-{n}") != b"%d-%d" % (child, n) for n in range(200)))
    children.append(pid)
mixed_up = any(client.echo(f"parent-{n}") != b"parent-%d" % n for n in range(200))
sys.exit(any([mixed_up, *(os.waitpid(pid, 0)[1] for pid in children)]))
"""


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[DirectClient]:
    with connect("url", redis_server.url, timeout_s=10) as made:
        assert isinstance(made, DirectClient)
        made.client_setname("direct")
        yield made


def connections(redis_client: redis.Redis) -> int:
    return sum(listed["lib-name"] == "redis-py" and listed["cmd"] == "echo" for listed in redis_client.client_list())


def test_every_thread_gets_its_own_answers(client: DirectClient) -> None:
    together = Barrier(THREADS)

    def echo(thread: int) -> bool:
        together.wait()
        return all(client.echo(f"{thread}-{n}") == b"%d-%d" % (thread, n) for n in range(EACH))

    with ThreadPoolExecutor(THREADS) as threads:
        assert all(threads.map(echo, range(THREADS)))


def test_after_a_fork_every_process_gets_its_own_answers(redis_server: RedisServer) -> None:
    subprocess.run([sys.executable, "-c", FORKING, redis_server.url], check=True, timeout=60)


def test_an_answer_that_nobody_took_is_not_the_next_ones(client: DirectClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(client, "parse_response", interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.echo("interrupted")
    assert client.echo("next") == b"next"


def test_a_connection_that_the_server_closed_is_replaced(client: DirectClient, redis_client: redis.Redis) -> None:
    redis_client.client_kill_filter(_type="normal", skipme=True)
    assert client.echo("again") == b"again"


def test_an_error_that_redis_answers_costs_no_connection(client: DirectClient) -> None:
    before = client.client_id()
    with pytest.raises(redis.ResponseError):
        client.fcall("no_such_function", 0)
    assert client.client_id() == before


@pytest.mark.parametrize(("moment_s", "borrowings"), [(60.0, 1), (0.0, 3)])
def test_the_pool_sees_a_connection_again_after_a_moment(
    client: DirectClient, monkeypatch: pytest.MonkeyPatch, moment_s: float, borrowings: int
) -> None:
    client.close()
    lend, lent = client.connection_pool.get_connection, list[object]()

    def lend_and_note() -> object:
        lent.append(lend())
        return lent[-1]

    monkeypatch.setattr(client.connection_pool, "get_connection", lend_and_note)
    monkeypatch.setattr(direct, "_BORROWED_S", moment_s)
    for _ in range(3):
        client.echo("x")
    assert len(lent) == borrowings


def test_more_connections_than_are_kept_go_back_to_the_pool(client: DirectClient) -> None:
    together = Barrier(THREADS)

    def echo(_thread: int) -> None:
        together.wait()
        client.echo("x")

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(echo, range(THREADS)))
    assert len(client._kept[1]) <= direct._KEPT_MAX


def test_a_client_that_was_closed_holds_nothing_and_works_again(
    client: DirectClient, redis_client: redis.Redis
) -> None:
    client.echo("before")
    before = connections(redis_client)
    client.close()
    assert (before, connections(redis_client)) == (1, 0)
    assert client.echo("after") == b"after"
