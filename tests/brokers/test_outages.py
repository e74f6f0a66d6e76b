"""Outages of half a minute under load, with the thresholds of production: everything resumes, or is found in 30 s."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator

import pytest
from celery import Celery

from stack.process import Process
from stack.rabbitmq import RabbitMQ
from tests.chaos.proxy import Network
from tests.outages import Load
from tests.running import StartSystem, System, until

OUTAGE_S, FOUND_WITHIN_S = 20.0, 30.0
STUCK = '"event": "worker.stuck"'


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as started:
        yield started


def resumes(system: System, load: Load, workers: list[Process]) -> None:
    load.wait_for(load.recorded + 100)
    until(lambda: system.health("ready")[0] == 0, "ready again")
    assert [worker.exit_code for worker in workers] == [None] * len(workers), "restarted"
    assert not [worker for worker in workers if STUCK in worker.log.text()]


def balance(system: System, load: Load) -> None:
    accounts = system.wait_until_settled()
    assert accounts.recorded >= load.recorded
    assert (accounts.dead, accounts.covered) == (0, accounts.recorded)


def found(worker: Process, since_s: float) -> None:
    worker.wait_for_line(STUCK, 60)
    assert time.monotonic() - since_s < FOUND_WITHIN_S
    assert worker.wait(30) == 70


def test_redis_stopped_for_twenty_seconds_under_load(system: System) -> None:
    workers = [system.start_worker(), system.start_worker()]
    with Load(system) as load:
        load.wait_for(200)
        system.redis_server.stop()
        time.sleep(OUTAGE_S)  # the outage itself
        assert system.health("live")[0] == 0
        assert system.health("ready")[0] == 1
        system.redis_server.restart()
        resumes(system, load, workers)
    balance(system, load)


def test_rabbitmq_stopped_for_twenty_seconds_under_load(system: System, rabbitmq: RabbitMQ) -> None:
    workers = [system.start_worker(CELERY_BROKER_URL=rabbitmq.url, RECEIPTS_SYNC_TIME_S="0.2") for _ in range(2)]
    with Load(system) as load:
        load.wait_for(200)
        rabbitmq.kill()
        time.sleep(OUTAGE_S)  # the outage itself
        assert system.health("live")[0] == 0
        assert system.health("ready")[0] == 1
        rabbitmq.restart()
        resumes(system, load, workers)
    balance(system, load)
    with Celery("a-stranger", broker=rabbitmq.url, set_as_current=False) as client:
        kwargs = {"dialog_id": system.dialog(99)[0], "user_id": 123}
        client.send_task("receipts.mark_dialog_read", kwargs=kwargs, queue="receipts", ignore_result=True)
        until(lambda: system.accounts().recorded > load.recorded, "a receipt by the broker's door")


@pytest.mark.parametrize("idle_s", [0.0, 12.0])
def test_a_stopped_pool_is_found_within_thirty_seconds(start_system: StartSystem, idle_s: float) -> None:
    """At rest (its sync is over), and in the middle of a sync that stays."""
    system = start_system()
    worker = system.start_worker()
    system.receipts.mark_dialog_read(system.dialog(1)[0], user_id=123)
    system.wait_for_puts(1)
    time.sleep(idle_s)  # at rest for so long, which is the case that is tried
    for child in worker.children():
        os.kill(child, signal.SIGSTOP)
    since_s = time.monotonic()
    system.receipts.mark_dialog_read(system.dialog(2)[0], user_id=123)
    found(worker, since_s)
    system.start_worker()
    assert system.wait_until_settled().covered == 2


def test_a_worker_behind_a_half_open_rabbitmq_is_found_within_thirty_seconds(
    system: System, rabbitmq: RabbitMQ, network: Network
) -> None:
    """AMQP's own heartbeat would take four minutes."""
    proxy = network.proxy(rabbitmq.port)
    behind = re.sub(r":\d+//$", f":{proxy.port}//", rabbitmq.url)
    worker = system.start_worker(CELERY_BROKER_URL=behind, RECEIPTS_SYNC_TIME_S="0.2")
    until(lambda: system.health("ready")[0] == 0, "ready")
    proxy.half_open()
    since_s = time.monotonic()
    system.receipts.mark_dialog_read(system.dialog(1)[0], user_id=123)
    found(worker, since_s)
    system.start_worker(CELERY_BROKER_URL=rabbitmq.url)
    assert system.wait_until_settled().covered == 1
