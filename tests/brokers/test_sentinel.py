"""A ledger behind Sentinels: the master is killed under load, and nobody is restarted."""

from __future__ import annotations

import threading

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from receipt_sync import ReceiptQueue
from receipt_sync.connection import client_of
from stack.sentinels import Sentinels
from tests.brokers.ledgers import move_to, wait_for_readers
from tests.running import System, until

USERS = range(1, 401)


class Producer(threading.Thread):
    """Marks a dialog for one user after another, each until it is recorded, and asks how many replicas have it.

    Attributes:
        recorded: users whose recording has returned, in order.
        replicated: those of them that a replica has acknowledged.
        failed: users whose recording raised before it returned, in order.
        errors: what a producer is not promised.
    """

    def __init__(self, url: str, dialog_id: str) -> None:
        super().__init__(daemon=True)  # a test that fails does not join it
        # WAIT speaks of the writes of its own connection.
        self._one = client_of(url, timeout_s=0.5, retry=Retry(NoBackoff(), 1)).client()  # type: ignore[no-untyped-call]
        self._queue = ReceiptQueue(client=self._one)
        self._dialog_id = dialog_id
        self._between = threading.Event()
        self.recorded: list[int] = []
        self.replicated: set[int] = set()
        self.failed: list[int] = []
        self.errors: list[Exception] = []

    def run(self) -> None:
        try:
            for user in USERS:
                while not self._recorded(user):
                    self._between.wait(0.02)
        except Exception as error:  # noqa: BLE001 - the test looks at it: a producer is promised RedisError alone
            self.errors.append(error)

    def _recorded(self, user: int) -> bool:
        try:
            self._queue.mark_dialog_read(self._dialog_id, user_id=user)
            self.recorded.append(user)
            # After the failover there is no replica to wait for.
            if not self.failed and self._one.wait(1, 400):
                self.replicated.add(user)
        except redis.RedisError:
            self.failed.append(user)
        return user in self.recorded


def test_a_failover_under_load_loses_nothing_that_was_replicated(system: System, sentinels: Sentinels) -> None:
    move_to(system, sentinels.url)
    dialog_id, _ = system.dialog(1, users=tuple(USERS))
    worker = system.start_worker(REDIS_URL=sentinels.url)
    producer = Producer(sentinels.url, dialog_id)
    producer.start()
    until(lambda: len(producer.replicated) >= 100, "a hundred receipts on the replica")
    before = set(producer.replicated)
    old_master = sentinels.master_port()
    sentinels.servers[0].kill()
    until(lambda: sentinels.master_port() != old_master, "another master")
    producer.join()
    assert producer.errors == []
    assert producer.recorded == list(USERS), "the producer went on by itself"
    assert producer.failed, "it met the failover"
    wait_for_readers(system, before)
    # What was recorded after the last failure is on the new master.
    wait_for_readers(system, {user for user in USERS if user > producer.failed[-1]})
    system.wait_until_settled()
    assert worker.alive


def test_a_master_that_hangs_is_left_for_the_new_one(system: System, sentinels: Sentinels) -> None:
    move_to(system, sentinels.url)
    dialog_id, _ = system.dialog(1, users=(1, 2))
    worker = system.start_worker(REDIS_URL=sentinels.url, CELERY_BROKER_URL=system.redis_server.url)
    system.receipts.mark_dialog_read(dialog_id, user_id=1)
    system.wait_until_settled()
    old_master = sentinels.master_port()
    sentinels.servers[0].process.pause()
    until(lambda: sentinels.master_port() != old_master, "another master")
    until(lambda: _recorded(system, dialog_id), "a recording on the new master")
    wait_for_readers(system, {1, 2})
    system.wait_until_settled()
    assert worker.alive


def test_a_demoted_master_is_left_for_the_new_one(system: System, sentinels: Sentinels) -> None:
    move_to(system, sentinels.url)
    dialog_id, _ = system.dialog(1, users=(1, 2))
    system.start_worker(REDIS_URL=sentinels.url)
    system.receipts.mark_dialog_read(dialog_id, user_id=1)
    system.wait_until_settled()
    old_master = sentinels.master_port()
    sentinels.fail_over()
    until(lambda: sentinels.master_port() != old_master, "another master")
    until(lambda: _recorded(system, dialog_id), "a recording on the new master")
    wait_for_readers(system, {1, 2})
    assert system.wait_until_settled().recorded >= 2


def _recorded(system: System, dialog_id: str) -> bool:
    try:
        system.receipts.mark_dialog_read(dialog_id, user_id=2)
    except redis.RedisError:
        return False
    return True
