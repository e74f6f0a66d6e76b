"""RabbitMQ carries the doorbells and the receipts of foreign clients."""

from __future__ import annotations

import json

import pytest
from celery import Celery

from receipt_sync import keys
from stack.rabbitmq import RabbitMQ
from stack.redis_server import RedisServer
from tests.brokers.ledgers import readers, wait_for_readers
from tests.integration.operating import Commands
from tests.running import System, until

USERS = range(1, 61)


def stranger(rabbitmq: RabbitMQ) -> Celery:
    client = Celery("a-stranger", broker=rabbitmq.url, set_as_current=False)
    client.conf.update(broker_transport_options={"confirm_publish": True})
    return client


def send(client: Celery, dialog_id: str, user: int) -> None:
    kwargs = {"dialog_id": dialog_id, "user_id": user}
    client.send_task("receipts.mark_dialog_read", kwargs=kwargs, queue="receipts", ignore_result=True)


def test_both_doors(system: System, rabbitmq: RabbitMQ) -> None:
    dialog_id, _ = system.dialog(1, users=(1, 2))
    system.start_worker(CELERY_BROKER_URL=rabbitmq.url)
    system.receipts.mark_dialog_read(dialog_id, user_id=1)
    with stranger(rabbitmq) as client:
        send(client, dialog_id, 2)
    wait_for_readers(system, {1, 2})
    assert system.wait_until_settled().covered == 2
    assert system.redis.keys("_kombu*") == [], "the ledger's Redis carries no message"


def test_a_killed_worker_loses_no_confirmed_message(system: System, rabbitmq: RabbitMQ) -> None:
    dialog_id, _ = system.dialog(1, users=tuple(USERS))
    worker = system.start_worker(CELERY_BROKER_URL=rabbitmq.url)
    with stranger(rabbitmq) as client:
        for user in USERS:
            send(client, dialog_id, user)
            if user == len(USERS) // 2:
                until(lambda: bool(readers(system)), "the worker at work")
                worker.kill()
    system.start_worker(CELERY_BROKER_URL=rabbitmq.url)
    wait_for_readers(system, set(USERS))
    assert system.wait_until_settled().recorded >= len(USERS)


def test_a_restarted_broker_is_gone_on_with(system: System, rabbitmq: RabbitMQ) -> None:
    dialog_id, _ = system.dialog(1, users=(1, 2, 3, 4))
    with stranger(rabbitmq) as client:
        worker = system.start_worker(CELERY_BROKER_URL=rabbitmq.url)
        send(client, dialog_id, 1)
        wait_for_readers(system, {1})
        # Confirmed while nobody consumes: it has to outlive the broker.
        system.workers.remove(worker)
        worker.stop()
        send(client, dialog_id, 2)
        rabbitmq.restart()
    worker = system.start_worker(CELERY_BROKER_URL=rabbitmq.url, RECEIPTS_SYNC_TIME_S="0.1")
    wait_for_readers(system, {2})
    # A sync that stays would send the next mark without any broker (worker/staying.py).
    until(lambda: system.redis.zcard(f"{keys.prefix('default')}:permits") == 0, "no sync at work")
    rabbitmq.kill()
    # The ledger records on without the broker; its doorbell waits for it.
    system.receipts.mark_dialog_read(dialog_id, user_id=3)
    worker.wait_for_line("tick failed")
    rabbitmq.restart()
    wait_for_readers(system, {3})
    with stranger(rabbitmq) as client:
        send(client, dialog_id, 4)
    wait_for_readers(system, {4})
    system.wait_until_settled()
    assert worker.alive


@pytest.mark.parametrize(
    ("user", "place", "expected"),
    [("guest:wrong-password", "//", "AccessRefused"), ("guest:guest", "/nosuch", "NotAllowed")],
    ids=["password", "vhost"],
)
def test_the_doctor_says_what_is_refused(
    redis_server: RedisServer,
    rabbitmq: RabbitMQ,
    user: str,
    place: str,
    expected: str,
) -> None:
    broker = f"amqp://{user}@127.0.0.1:{rabbitmq.port}{place}"
    result = Commands(redis_server.url_of("worker"), CELERY_BROKER_URL=broker).run("doctor", "--json")
    found = [each["found"] for each in json.loads(result.stdout)["findings"] if each["about"] == "broker"]
    assert [each.split(": ")[-1] for each in found] == [expected]
    assert "wrong-password" not in result.output
