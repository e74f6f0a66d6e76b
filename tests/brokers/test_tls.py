"""Redis and RabbitMQ as Debian ships them, with TLS of their own."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from kombu.connection import Connection

from receipt_sync import ReceiptQueue
from stack.ports import free_port
from stack.programs import program
from stack.rabbitmq import RabbitMQ
from stack.redis_server import RedisServer
from tests.certificates import Authority
from tests.running import StartSystem
from worker.broker import verify_amqps


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def redis_with_tls(tmp_path: Path, authority: Authority) -> Iterator[str]:
    certificate, key = authority.sign()
    port = free_port()
    options = {
        "tls-port": str(port),
        "tls-cert-file": str(certificate),
        "tls-key-file": str(key),
        "tls-ca-cert-file": str(authority.path),
        "tls-auth-clients": "no",
    }
    with RedisServer(tmp_path / "redis", binary=program("redis-server"), options=options):
        yield f"rediss://127.0.0.1:{port}/0"


@pytest.fixture
def rabbitmq_with_tls(tmp_path: Path, authority: Authority) -> Iterator[RabbitMQ]:
    with RabbitMQ(tmp_path / "rabbitmq", authority.sign()) as started:
        yield started


def test_a_redis_with_tls_is_ledger_and_broker(
    start_system: StartSystem, redis_with_tls: str, authority: Authority
) -> None:
    system = start_system()
    environ = {"REDIS_URL": redis_with_tls, "REDIS_CA_FILE": str(authority.path)}
    system.redis = redis.Redis.from_url(redis_with_tls, ssl_ca_certs=str(authority.path))
    dialog_id, _ = system.dialog(1)
    producer = ReceiptQueue.from_env(environ | {"RECEIPTS_REDIS_TIMEOUT_S": "5"})
    producer.mark_dialog_read(dialog_id, user_id=123)
    system.start_worker(**environ)
    system.wait_until_settled()
    assert len(system.applied()) == 1
    producer.close()


def test_the_doorbells_go_through_a_rabbitmq_with_tls(
    start_system: StartSystem, rabbitmq_with_tls: RabbitMQ, authority: Authority
) -> None:
    system = start_system()
    dialog_id, _ = system.dialog(1)
    broker = f"amqps://guest:guest@127.0.0.1:{rabbitmq_with_tls.tls_port}//"
    worker = system.start_worker(CELERY_BROKER_URL=broker, CELERY_BROKER_CA_FILE=str(authority.path))
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_until_settled()
    assert len(system.applied()) == 1
    assert "amqps" in worker.log.text()


@pytest.mark.parametrize("wrong", ["authority", "host", "none named"])
def test_another_rabbitmq_is_not_taken_for_ours(tmp_path: Path, authority: Authority, wrong: str) -> None:
    certificate = authority.sign("rabbit.example.com") if wrong == "host" else authority.sign()
    ca_file = Authority(tmp_path, "another").path if wrong == "authority" else authority.path
    with RabbitMQ(tmp_path / "rabbitmq", certificate) as server:
        verify_amqps(None if wrong == "none named" else ca_file)
        url = f"amqps://guest:guest@127.0.0.1:{server.tls_port}//"
        with Connection(url) as connection, pytest.raises(ssl.SSLCertVerificationError):  # type: ignore[no-untyped-call]
            connection.connect()
        # The same with the right one, or nothing would have been shown.
        if wrong != "host":
            verify_amqps(authority.path)
            with Connection(url) as connection:  # type: ignore[no-untyped-call]
                connection.connect()
