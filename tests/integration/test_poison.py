"""A receipt whose recording or PUT kills its process: so many deaths, then a dead letter; the others flow on."""

from __future__ import annotations

from collections.abc import Callable

from receipt_sync import MarkRead
from tests.integration.raw_messages import POISON_DIALOG, call
from tests.running import System, until

USER = 123
CRASHES_MAX = 3


def test_a_receipt_that_kills_its_process_ends_among_the_dead_letters(start_system: Callable[..., System]) -> None:
    system = start_system(RECEIPTS_CRASHES_MAX=str(CRASHES_MAX))
    worker = system.start_worker("--include tests.integration.poison")
    system.redis.lpush("receipts", call(dialog_id=POISON_DIALOG, user_id=USER))
    until(lambda: bool(system.dead_letters()), "a dead letter")
    [letter] = system.dead_letters()
    assert letter["task"] == "receipts.mark_dialog_read"
    assert letter["reason"] == f"poison: its worker died {CRASHES_MAX} times"
    assert POISON_DIALOG in letter["arguments"]
    until(lambda: not system.redis.hlen("unacked") and not system.redis.llen("receipts"), "the message gone")
    # The first time is not counted: only what comes back is.
    assert worker.log.text().count("signal 9 (SIGKILL)") >= CRASHES_MAX + 1
    assert not system.redis.keys("rs:{default}:start:*")
    system.redis.lpush("receipts", call(dialog_id="a" * 24, user_id=USER))
    until(lambda: bool(system.redis.exists(f"rs:{{default}}:m:{'a' * 24}:u{USER}")), "the next one recorded")
    assert worker.alive


def test_a_slot_that_kills_its_process_takes_none_along_that_was_sent_beside_it(
    start_system: Callable[..., System],
) -> None:
    system = start_system(RECEIPTS_CRASHES_MAX=str(CRASHES_MAX), RECEIPTS_SYNCS_MAX="1")
    other, _ = system.dialog(0)
    system.api.faults(latency_ms=500)
    system.receipts.record_many(MarkRead(dialog_id=dialog, user_id=USER) for dialog in (other, POISON_DIALOG))
    system.start_worker("--include tests.integration.deadly_put")
    accounts = system.wait_until_settled()
    assert (accounts.covered, accounts.dead) == (1, 1)
    [letter] = system.dead_letters()
    assert POISON_DIALOG in letter["slot"]
    assert letter["reason"] == f"poison: its worker died {CRASHES_MAX} times"
