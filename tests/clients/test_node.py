"""A Node application with an npm Celery client (client.mjs): over Redis, and over RabbitMQ where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.ports import free_port
from stack.rabbitmq import RabbitMQ
from tests.clients.calls import USER, sent_and_seen
from tests.clients.conftest import Node
from tests.running import System

MARK = {"task": "receipts.mark_dialog_read", "kwargs": {"dialog_id": "d" * 24, "user_id": USER}}


def test_what_it_sends_over_redis_is_seen_at_the_chat_api_or_among_the_dead_letters(system: System, node: Node) -> None:
    worker = system.start_worker()
    # ioredis 4 takes a user's name from the address only when it is told to.
    url = system.redis_server.url_of("sender") + "?allowUsernameInURI=true"
    sent_and_seen(system, lambda calls: node.send(url, calls), number=1)
    system.workers.remove(worker)
    worker.stop()


def test_and_over_rabbitmq(system: System, node: Node, tmp_path: Path) -> None:
    try:
        broker = RabbitMQ(tmp_path / "rabbitmq")
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    with broker:
        system.start_worker(CELERY_BROKER_URL=broker.url)
        sent_and_seen(system, lambda calls: node.send(broker.url, calls), number=2)


def test_a_broker_that_is_away_is_an_error_and_no_crash(node: Node) -> None:
    for scheme in ("redis", "amqp"):
        [said] = node.send(f"{scheme}://127.0.0.1:{free_port()}", [MARK])
        assert said.startswith("error: ")
        assert "ECONNREFUSED" in said
