"""A ledger on a real cluster of three masters: every script, several applications, a node that goes away."""

from __future__ import annotations

import redis
from celery import Celery

from receipt_sync import MarkRead, ReceiptQueue
from stack.redis_cluster import RedisCluster
from tests.brokers.ledgers import move_to, wait_for_readers
from tests.ledger_audit import audit
from tests.running import API_KEY, System, until

USERS = range(1, 1201)


def start_worker(system: System, cluster: RedisCluster, **settings: str) -> None:
    system.start_worker(REDIS_URL=cluster.url, CELERY_BROKER_URL=system.redis_server.url, **settings)


def test_everything_recorded_is_sent(system: System, cluster: RedisCluster) -> None:
    move_to(system, cluster.url)
    dialog_id, messages = system.dialog(1, users=tuple(USERS))
    start_worker(system, cluster)
    system.receipts.record_many([MarkRead(dialog_id=dialog_id, user_id=user) for user in USERS])
    system.receipts.edit_message(dialog_id, messages[0], "edited", user_id=1)
    system.receipts.mark_dialog_delivered(dialog_id, user_id=2, message_ids=messages)
    wait_for_readers(system, set(USERS))
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.dead) == (len(USERS) + 1 + len(messages), 0)


def test_applications_live_on_different_nodes(system: System, cluster: RedisCluster) -> None:
    move_to(system, cluster.url)
    names = ["default", next(name for name in ("shop", "club", "team", "crew") if _elsewhere(cluster, name))]
    dialog_id, _ = system.dialog(1, users=(1, 2))
    endpoint = {f"QUICKBLOX_ENDPOINT__{names[1].upper()}": f"http://127.0.0.1:{system.api_port}"}
    key = {f"QUICKBLOX_API_KEY__{names[1].upper()}": API_KEY}
    start_worker(system, cluster, RECEIPTS_APPLICATIONS=",".join(names), **endpoint, **key)
    for user, name in enumerate(names, 1):
        ReceiptQueue(cluster.url, application=name, timeout_s=5).mark_dialog_read(dialog_id, user_id=user)
    wait_for_readers(system, {1, 2})
    until(lambda: all(audit(system.redis, name).covered == 1 for name in names), "both covered")


def _elsewhere(cluster: RedisCluster, name: str) -> bool:
    return cluster.owner(f"rs:{{{name}}}") is not cluster.owner("rs:{default}")


def test_a_node_that_comes_back_is_gone_on_with(system: System, cluster: RedisCluster) -> None:
    move_to(system, cluster.url)
    dialog_id, _ = system.dialog(1, users=(1, 2))
    start_worker(system, cluster)
    system.receipts.mark_dialog_read(dialog_id, user_id=1)
    system.wait_until_settled()
    owner = cluster.owner("rs:{default}")
    owner.kill()
    system.workers[0].wait_for_line("tick failed")
    owner.restart()
    until(lambda: _recorded(system, dialog_id), "a recording")
    wait_for_readers(system, {1, 2})
    system.wait_until_settled()


def _recorded(system: System, dialog_id: str) -> bool:
    try:
        system.receipts.mark_dialog_read(dialog_id, user_id=2)
    except redis.RedisError:
        return False
    return True


def test_what_never_became_a_receipt_is_buried(system: System, cluster: RedisCluster) -> None:
    move_to(system, cluster.url)
    start_worker(system, cluster)
    client = Celery("a-stranger", broker=system.redis_server.url, set_as_current=False)
    client.send_task("receipts.mark_dialog_read", kwargs={"dialog_id": "no id"}, queue="receipts", ignore_result=True)
    until(lambda: len(system.dead_letters()) == 1, "a dead letter")
    assert system.accounts().dead == 1
    client.close()
