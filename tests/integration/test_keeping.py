"""A Redis that may evict the ledger is refused, with real servers and a real worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from stack.process import Process
from stack.redis_server import RedisServer
from stack.services import start_from_procfile
from tests.running import PATIENCE_S
from worker.ledger.keeping import EvictingRedisError, require_keeping

MEND = "CONFIG SET maxmemory-policy noeviction"
StartServer = Callable[..., RedisServer]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    started: list[RedisServer] = []

    def start(policy: str, port: int | None = None) -> RedisServer:
        directory = tmp_path / f"redis-{len(started)}"
        started.append(RedisServer(directory, port, options={"maxmemory-policy": policy}))
        return started[-1]

    yield start
    for server in started:
        server.kill()


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    started: list[Process] = []

    def start(url: str) -> Process:
        env = {"REDIS_URL": url, "QUICKBLOX_API_KEY": "k", "WORKER_CONCURRENCY": "1"}
        started.append(start_from_procfile("worker", env, tmp_path, "-n kept@test"))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


def test_noeviction_is_kept(redis_client: redis.Redis) -> None:
    require_keeping(redis_client, "default")


@pytest.mark.parametrize("policy", ["volatile-lru", "volatile-ttl", "volatile-random", "allkeys-lru", "allkeys-lfu"])
def test_every_other_policy_is_refused_also_without_a_limit(redis_client: redis.Redis, policy: str) -> None:
    redis_client.config_set("maxmemory-policy", policy)
    try:
        with pytest.raises(EvictingRedisError, match=f"'{policy}'.*{MEND}"):
            require_keeping(redis_client, "default")
    finally:
        redis_client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize("refused", ["info", "config"])
def test_one_of_info_and_config_is_enough(start_server: StartServer, refused: str) -> None:
    server = start_server("allkeys-lru")
    with _user(server, f"-{refused}") as client, pytest.raises(EvictingRedisError):
        require_keeping(client, "default")


def test_a_redis_that_does_not_tell_is_warned_of_and_taken(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server("noeviction")
    with _user(server, "-info -config") as client:
        require_keeping(client, "default")
    assert "does not tell its maxmemory-policy" in caplog.text


def _user(server: RedisServer, rules: str) -> redis.Redis:
    with server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "limited", "on", ">pw", "~*", "&*", "+@all", *rules.split())
    return redis.Redis(host="127.0.0.1", port=server.port, username="limited", password="pw", socket_timeout=5)


def test_a_worker_refuses_it_with_one_line_and_exit_code_1(
    start_server: StartServer, start_worker: Callable[[str], Process]
) -> None:
    worker = start_worker(start_server("volatile-lru").url)
    assert worker.wait(PATIENCE_S) == 1
    said = worker.log.lines(half=True)
    # Celery's own warning of the user root may stand before it.
    assert [line for line in said if "volatile-lru" in line] == said[-1:]
    assert MEND in said[-1]
    assert "Traceback" not in worker.log.text()


def test_a_worker_that_waited_for_redis_refuses_it_when_it_comes(
    start_server: StartServer, start_worker: Callable[[str], Process]
) -> None:
    away = start_server("noeviction")
    away.stop()
    worker = start_worker(away.url)
    worker.wait_for_line("Redis is not reached yet", PATIENCE_S)
    assert worker.alive
    start_server("allkeys-lru", away.port)
    assert worker.wait(PATIENCE_S) == 1
    assert MEND in worker.log.text()


def test_a_worker_at_work_refuses_the_server_that_came_in_its_redis_stead(
    start_server: StartServer, start_worker: Callable[[str], Process]
) -> None:
    first = start_server("noeviction")
    worker = start_worker(first.url)
    worker.wait_for_line(" ready.", PATIENCE_S)
    first.kill()
    worker.wait_for_line("tick failed", PATIENCE_S)
    start_server("allkeys-lru", first.port)
    assert worker.wait(PATIENCE_S) == 1
    assert MEND in worker.log.text()
