"""Traces on the real ledger: from recording to the claim, bounded, and never in a receipt's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.shorthand import EDITS, MARKS, edit, read
from worker.ledger import Again, Done, Part

if TYPE_CHECKING:
    from receipt_sync import Receipt
    from tests.histories import AnyClaim
    from tests.integration.ledger.real import RealLedger

DIALOG_ID, MESSAGE_ID = "d" * 24, "e" * 24


def trace(n: int) -> str:
    return f"00-{n:032x}-{n:016x}-01"


def traces(*numbers: int) -> tuple[str, ...]:
    return tuple(map(trace, numbers))


def record(real: RealLedger, n: int, *receipts: Receipt) -> None:
    real.queue.record_many(receipts, trace=trace(n))


def claim(real: RealLedger) -> AnyClaim:
    real.come_due()
    [claimed] = real.claim()
    return claimed


def test_a_claim_names_the_calls_that_its_receipts_came_from(real: RealLedger) -> None:
    record(real, 1, read())
    record(real, 2, read(1), read(2))
    real.record([read()])
    assert claim(real).traces == traces(1, 2)
    assert "pj" not in real.fields(MARKS)


def test_an_edits_as_well(real: RealLedger) -> None:
    real.queue.edit_message(DIALOG_ID, MESSAGE_ID, "new", user_id=1, trace=trace(1))
    assert claim(real).traces == traces(1)


def test_no_trace_takes_no_room(real: RealLedger) -> None:
    real.record([read(), edit("text", 1)])
    for slot in (MARKS, EDITS):
        assert not {"pj", "fj"} & set(real.fields(slot))
    assert [each.traces for each in real.claim()] == [(), ()]


def test_the_last_few_are_kept(real: RealLedger) -> None:
    for n in (1, 2, 3, 4, 5, 6, 6, 5):
        record(real, n, read())
    assert claim(real).traces == traces(3, 4, 5, 6)


def test_those_of_a_flight_that_comes_back_are_the_older_ones(real: RealLedger) -> None:
    record(real, 1, read())
    record(real, 2, read())
    first = claim(real)
    record(real, 3, read())
    real.settle(first.slot, first.generation, Again("status 503", "unavailable"))
    second = claim(real)
    assert second.traces == traces(1, 2, 3)
    real.settle(second.slot, second.generation, Done(Part("r")))
    assert not {"pj", "fj"} & set(real.fields(MARKS))


def test_a_newcomers_stay_for_its_own_put(real: RealLedger) -> None:
    record(real, 1, read())
    first = claim(real)
    record(real, 2, read())
    real.settle(first.slot, first.generation, Done(Part("r")))
    assert claim(real).traces == traces(2)


def test_an_edit_that_needs_no_put_leaves_none(real: RealLedger) -> None:
    real.record([edit("same", 1)])
    first = claim(real)
    real.settle(first.slot, first.generation, Done(Part()))
    record(real, 1, edit("same", 2))
    assert "pj" not in real.fields(EDITS)
    assert real.claim() == []


def test_a_thousand_receipts_of_one_call_carry_it_once(real: RealLedger) -> None:
    record(real, 1, *(read(n) for n in range(1, 1001)))
    assert claim(real).traces == traces(1)
