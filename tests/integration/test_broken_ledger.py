"""A broken key under a running worker: named once, nothing is lost, and all goes on when it is mended."""

from __future__ import annotations

import pytest
import redis

from tests.integration.raw_messages import call
from tests.running import System, until

USER = 123
DUE = "rs:{default}:due"
WAKE = "rs:{default}:wake"


def test_a_worker_names_a_broken_key_once_and_goes_on_when_it_is_mended(system: System) -> None:
    worker = system.start_worker(RECEIPTS_LOG_LEVEL="DEBUG")
    children = set(worker.children())
    dialog_id, _ = system.dialog(1)
    system.redis.set(DUE, "garbage")
    with pytest.raises(redis.ResponseError, match=r"BROKENKEY .*:due should be a zset, and is a string"):
        system.receipts.mark_dialog_read(dialog_id, user_id=USER)
    system.redis.lpush("receipts", call(dialog_id=dialog_id, user_id=USER))
    worker.wait_for_line("tick failed, ticking goes on: application=default error=BROKENKEY rs:{default}:due")
    until(lambda: worker.log.text().count("Task receipts.mark_dialog_read[") >= 3, "the call handed out again, twice")

    system.redis.delete(DUE)
    [put] = system.wait_for_puts(1)
    assert dialog_id in put.body
    assert system.wait_until_settled().covered == 1
    assert worker.log.text().count("tick failed") == 1
    assert set(worker.children()) == children
    assert system.dead_letters() == []


@pytest.mark.parametrize("said", [b"", b"\xff\x00", b"x" * 1_000_000], ids=["nothing", "no text", "a megabyte"])
def test_whatever_is_said_where_workers_listen_is_a_wake_up_and_no_more(system: System, said: bytes) -> None:
    worker = system.start_worker()
    children = set(worker.children())
    dialog_id, _ = system.dialog(1)
    until(lambda: system.redis.publish(WAKE, said) > 0, "somebody who listens")
    for _ in range(20):
        system.redis.publish(WAKE, said)
    system.receipts.mark_dialog_read(dialog_id, user_id=USER)
    assert system.wait_until_settled().covered == 1
    assert worker.alive
    assert set(worker.children()) == children
    assert "Traceback" not in worker.log.text()
