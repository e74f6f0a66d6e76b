"""What Redis keeps of what it has acknowledged: the rows of the table in docs/redis.md, with Debian's server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from receipt_sync import ReceiptQueue
from stack.programs import program
from stack.rabbitmq import RabbitMQ
from stack.redis_server import RedisServer
from tests.brokers.ledgers import wait_for_readers
from tests.ledger_audit import Accounts, audit
from tests.running import System, until

DIALOG = "53a99a7be4b094c7c6d31b41"
StartServer = Callable[..., RedisServer]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    started: list[RedisServer] = []

    def start(**options: Any) -> RedisServer:
        directory = tmp_path / f"redis-{len(started)}"
        started.append(RedisServer(directory, binary=program("redis-server"), **options))
        return started[-1]

    yield start
    for server in started:
        server.kill()


def mark(server: RedisServer, users: range) -> None:
    queue = ReceiptQueue(server.url, timeout_s=5)
    for user in users:
        queue.mark_dialog_read(DIALOG, user_id=user)
    queue.close()


def accounts(server: RedisServer) -> Accounts:
    with server.client() as client:
        return audit(client, "default")


@pytest.mark.parametrize("fsync", ["always", "everysec"])
def test_with_an_append_only_file_a_killed_server_keeps_all(start_server: StartServer, fsync: str) -> None:
    server = start_server(fsync=fsync)
    mark(server, range(1, 301))
    server.kill()
    server.restart()
    assert accounts(server) == Accounts(recorded=300, pending=300)


def test_without_one_a_killed_server_keeps_nothing(start_server: StartServer) -> None:
    server = start_server(append_only=False)
    mark(server, range(1, 11))
    server.kill()
    server.restart()
    assert accounts(server) == Accounts()


def test_a_file_that_lost_its_end_gives_whole_scripts_only(start_server: StartServer) -> None:
    server = start_server(fsync="always")
    mark(server, range(1, 51))
    server.kill()
    # As a machine leaves it that lost its power under everysec: the end is missing, in the middle of a command.
    file = max((server.directory / "appendonlydir").glob("*.incr.aof"))
    kept = file.read_bytes()
    file.write_bytes(kept[: len(kept) * 2 // 3])
    server.restart()
    found = accounts(server)
    assert 0 < found.recorded < 50
    assert found.pending == found.recorded


def replica_of(start_server: StartServer, master: RedisServer) -> RedisServer:
    options = {"replicaof": f"127.0.0.1 {master.port}", "repl-diskless-sync-delay": "0"}
    replica = start_server(options=options)
    with replica.client() as client:
        until(lambda: client.info("replication")["master_link_status"] == "up", "the replica in step")
    return replica


def test_a_failover_loses_what_the_replica_has_not_had(start_server: StartServer) -> None:
    master = start_server(fsync="always")
    replica = replica_of(start_server, master)
    mark(master, range(1, 11))
    until(lambda: accounts(replica).recorded == 10, "ten on the replica")
    # A Sentinel that does not reach the master promotes the replica; a producer that does, goes on meanwhile.
    with replica.client() as client:
        client.replicaof("NO", "ONE")
    mark(master, range(11, 21))
    assert accounts(master) == Accounts(recorded=20, pending=20)
    with master.client() as client:
        client.replicaof("127.0.0.1", replica.port)
    until(lambda: accounts(master).recorded == 10, "the old master in step with the new one")
    assert accounts(replica) == accounts(master) == Accounts(recorded=10, pending=10)


def test_min_replicas_to_write_refuses_what_no_replica_would_have(start_server: StartServer) -> None:
    master = start_server(options={"min-replicas-to-write": "1", "min-replicas-max-lag": "1"})
    with pytest.raises(redis.ResponseError, match=r"NOREPLICAS|Not enough good replicas"):
        mark(master, range(1, 2))
    replica = replica_of(start_server, master)
    until(lambda: _takes(master, 1), "the replica counted")
    replica.process.pause()
    until(lambda: not _takes(master, 2), "a replica that lags counted no more")


def _takes(server: RedisServer, user: int) -> bool:
    try:
        mark(server, range(user, user + 1))
    except redis.ResponseError:
        return False
    return True


def test_a_replica_refuses_to_record(start_server: StartServer) -> None:
    replica = replica_of(start_server, start_server())
    with pytest.raises(redis.ReadOnlyError):
        mark(replica, range(1, 2))
    assert accounts(replica) == Accounts()


def test_a_full_redis_refuses_to_record_and_is_drained(system: System, rabbitmq: RabbitMQ) -> None:
    users = range(1, 201)
    dialog_id, _ = system.dialog(1, users=tuple(users))
    for user in users:
        system.receipts.mark_dialog_read(dialog_id, user_id=user)
    system.redis.config_set("maxmemory", "1mb")
    with pytest.raises(redis.OutOfMemoryError):
        system.receipts.mark_dialog_read(dialog_id, user_id=users[0])
    worker = system.start_worker(CELERY_BROKER_URL=rabbitmq.url)
    wait_for_readers(system, set(users))
    assert system.wait_until_settled().covered == len(users)
    assert worker.alive


def test_a_full_redis_that_is_the_broker_too_is_drained_once_it_has_room(system: System) -> None:
    dialog_id, _ = system.dialog(1, users=(1,))
    system.start_worker()
    system.redis.config_set("maxmemory", "1mb")
    with pytest.raises(redis.OutOfMemoryError):
        system.receipts.mark_dialog_read(dialog_id, user_id=1)
    system.redis.config_set("maxmemory", "0")
    system.receipts.mark_dialog_read(dialog_id, user_id=1)
    assert system.wait_until_settled().covered == 1
