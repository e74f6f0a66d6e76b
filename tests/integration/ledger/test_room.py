"""Room: a slot takes the same however many receipts it has seen, and none for ever."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import redis

from receipt_sync import Receipt
from tests.histories import LATER_MS, settlement
from tests.integration.ledger.real import PREFIX, RealLedger
from tests.shorthand import DIALOG, EDITS, MARKS, USER, delivered, edit, read
from worker.ledger import Again

REMEMBER_MS = 86_400_000


def room(real: RealLedger, slot: str) -> int:
    """Bytes that a slot and its ids take, without what Redis holds in reserve while a hash grows and shrinks."""
    used = 0
    for key in real.redis.keys(f"{PREFIX}:{slot}*"):
        real.redis.restore(key, 0, real.redis.dump(key), replace=True)
        used += real.redis.memory_usage(key, samples=0)
    assert used > 0
    return used


def room_after(real: RealLedger, slot: str, receipts: Iterable[Receipt]) -> int:
    """Bytes after these receipts, recorded one by one into an empty ledger."""
    real.redis.flushall()
    real.ledger.publish_policy()
    for receipt in receipts:
        real.record([receipt])
    return room(real, slot)


def test_a_thousand_marks_take_the_room_of_ten(real: RealLedger) -> None:
    def marks(count: int) -> list[Receipt]:
        return [mark(up_to=1000 + n) for n in range(count // 2) for mark in (read, delivered)]

    assert room_after(real, MARKS, marks(1000)) <= room_after(real, MARKS, marks(20))


def test_a_thousand_marks_without_a_name_take_the_room_of_ten(real: RealLedger) -> None:
    assert room_after(real, MARKS, [read()] * 1000) <= room_after(real, MARKS, [read()] * 10)


def test_a_thousand_messages_take_no_room_in_a_dialog_that_was_read(real: RealLedger) -> None:
    def marks(count: int) -> list[Receipt]:
        return [read(), *(read(1000 + n) for n in range(count))]

    assert room_after(real, MARKS, marks(1000)) <= room_after(real, MARKS, marks(10))


def test_a_thousand_edits_take_the_room_of_ten(real: RealLedger) -> None:
    def edits(count: int) -> list[Receipt]:
        return [edit(f"text {n:04}", 1000 + n) for n in range(count)]

    assert room_after(real, EDITS, edits(1000)) <= room_after(real, EDITS, edits(10))


def test_a_thousand_flights_take_the_room_of_ten(real: RealLedger) -> None:
    def after(flights: int) -> int:
        real.redis.flushall()
        real.ledger.publish_policy()
        for n in range(flights):
            real.record([read(up_to=1000 + n), delivered(1000 + n)])
            while claims := real.claim():
                real.settle(*settlement(claims[0], "done"))
        return room(real, MARKS)

    assert after(500) <= after(20)


def time_left_ms(real: RealLedger, slot: str) -> int:
    """-1: it stays until something is done with it."""
    return int(real.redis.pttl(f"{PREFIX}:{slot}"))


@pytest.mark.parametrize(("receipt", "slot"), [(read(), MARKS), (edit("x", 1), EDITS)], ids=["mark", "edit"])
def test_a_slot_is_forgotten_some_time_after_its_last_put_and_never_before(
    real: RealLedger, receipt: Receipt, slot: str
) -> None:
    for _ in range(2):
        real.record([receipt])
        assert time_left_ms(real, slot) == -1
        (claim,) = real.claim()
        assert time_left_ms(real, slot) == -1
        real.settle(*settlement(claim, Again("status 503", "unavailable")))
        assert time_left_ms(real, slot) == -1
        (claim,) = real.claim()
        real.settle(*settlement(claim, "done"))
        assert REMEMBER_MS - 60_000 < time_left_ms(real, slot) <= REMEMBER_MS
        real.redis.hdel(f"{PREFIX}:{slot}", "h")  # or the second edit would cost no PUT


def test_an_absorbed_receipt_lets_its_slot_be_remembered_longer(real: RealLedger) -> None:
    real.record([read(up_to=1)])
    real.settle(*settlement(real.claim()[0], "done"))
    real.redis.pexpire(f"{PREFIX}:{MARKS}", LATER_MS)
    real.record([read(up_to=1)])
    assert time_left_ms(real, MARKS) > LATER_MS


@pytest.mark.parametrize("receipt", [read(token="secret"), read(1, token="secret"), edit("x", 1, "secret")])
@pytest.mark.parametrize("ending", ["done", "dead"])
def test_no_token_stays_in_a_slot_at_rest(
    redis_client: redis.Redis, real: RealLedger, receipt: Receipt, ending: str
) -> None:
    real.record([receipt])
    (claim,) = real.claim()
    assert claim.token == "secret"
    real.settle(*settlement(claim, "done" if ending == "done" else "dead"))
    assert "secret" not in str(real.fields(claim.slot))
    for key in redis_client.scan_iter():
        assert b"secret" not in (redis_client.dump(key) or b"")


def test_the_token_goes_with_the_last_receipt_that_waited_for_it(real: RealLedger) -> None:
    slot = f"m:{DIALOG}:s{USER}"
    real.record([read(up_to=1, token="secret")])
    (claim,) = real.claim()
    real.record([read(up_to=1, token="newer")])
    real.settle(*settlement(claim, "done"))
    assert {"k", "fk"}.isdisjoint(real.fields(slot))
