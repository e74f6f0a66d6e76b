"""A ledger on a real cluster of three masters: every script, several applications, a node that goes away."""

from __future__ import annotations

from contextlib import closing

import pytest
import redis
from celery import Celery

from receipt_sync import MarkRead, ReceiptQueue, keys
from receipt_sync.connection import connect
from receipt_sync.functions import RECORDING
from stack.redis_cluster import RedisCluster
from stack.redis_server import HOST
from tests.brokers.ledgers import move_to, wait_for_readers
from tests.ledger_audit import Accounts, audit
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


def test_a_hash_slot_that_moves_splits_no_ledger(cluster: RedisCluster) -> None:
    prefix = keys.prefix("default")
    source = cluster.owner(prefix)
    target = next(server for server in cluster.servers if server is not source)
    receipts = ReceiptQueue(cluster.url, timeout_s=5)
    mark = MarkRead(dialog_id="5" * 24, user_id=1)
    receipts.record_many([mark])
    with source.client() as here, target.client() as there, closing(connect("url", cluster.url, 5)) as all_of_it:
        there.function_load(RECORDING.source)
        slot = here.cluster("KEYSLOT", prefix)
        here_id, there_id = here.cluster("MYID").decode(), there.cluster("MYID").decode()
        there.cluster("SETSLOT", slot, "IMPORTING", here_id)
        here.cluster("SETSLOT", slot, "MIGRATING", there_id)
        with pytest.raises(redis.ConnectionError, match="the cluster was not reached"):
            receipts.record_many([mark])
        assert there.dbsize() == 0
        moved = here.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100)
        half = moved[: len(moved) // 2]
        for some in (half, moved[len(half) :]):
            here.execute_command("MIGRATE", HOST, target.port, "", 0, 5_000, "KEYS", *some)
            with pytest.raises(redis.ConnectionError, match="the cluster was not reached"):
                receipts.record_many([mark])
        assert sorted(there.keys("*")) == sorted(moved)
        for server in cluster.servers:
            with server.client() as one:
                one.cluster("SETSLOT", slot, "NODE", there_id)
        until(lambda: _records(receipts, mark), "a recording in the new place")
        assert here.dbsize() == 0
        assert audit(all_of_it, "default") == Accounts(recorded=2, pending=2)
    receipts.close()


def _records(receipts: ReceiptQueue, mark: MarkRead) -> bool:
    try:
        receipts.record_many([mark])
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
