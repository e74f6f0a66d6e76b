"""Damage: keys and fields that no script has written. One damaged slot stops no other, and is named somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis

from receipt_sync import Receipt
from tests.histories import settlement
from tests.integration.ledger.real import APPLICATION, PREFIX, RealLedger
from tests.ledger_audit import Accounts, audit
from tests.shorthand import EDITS, MARKS, USER, delivered, dialogs, edit, read
from worker.ledger import Settled

OTHER_DIALOG = "e" * 24
OTHER = f"m:{OTHER_DIALOG}:u{USER}"
GARBAGE = ["garbage", "", "-1", "1e400", "nan", "0.5"]
MARK_FIELDS = ["R", "C", "D", "g", "s", "a", "y", "u", "k", "z", "wa", "wb", "pt", "pr", "pd", "pa", "pb", "pi"]
EDIT_FIELDS = ["R", "C", "D", "g", "s", "a", "y", "u", "h", "v", "l", "lx", "pt", "pn", "pv", "px", "pu", "pk"]
FLIGHT = {"pt": "ft", "pr": "fr", "pd": "fd", "pa": "fa", "pb": "fb", "pi": "fi", "pn": "fn", "pv": "fv", "px": "fx",
    "pu": "fu", "pk": "fk"}  # fmt: skip
MARKED: list[Receipt] = [read(up_to=1), delivered(1, 2)]
EDITED: list[Receipt] = [edit("x", 1)]


def test_a_due_key_that_is_no_slot_is_set_aside_and_the_others_go_on(real: RealLedger) -> None:
    real.record([read(), read(dialog=OTHER_DIALOG)])
    real.redis.set(f"{PREFIX}:{MARKS}", "not a slot")
    assert [claim.slot for claim in real.claim()] == [OTHER]
    assert list(real.broken()) == [MARKS]
    assert real.claim() == []


def test_record_names_the_key_that_is_no_slot_and_stores_nothing(real: RealLedger) -> None:
    real.redis.set(f"{PREFIX}:{MARKS}", "not a slot")
    with pytest.raises(redis.ResponseError, match=MARKS):
        real.record([read(dialog=OTHER_DIALOG), edit("x", 1), read()])
    assert real.redis.keys(f"{PREFIX}:*:*:*") == [f"{PREFIX}:{MARKS}".encode()]
    assert audit(real.redis, APPLICATION) == Accounts()


def test_record_names_the_key_that_holds_no_ids_and_stores_nothing(real: RealLedger) -> None:
    real.redis.set(f"{PREFIX}:{MARKS}:p", "no ids")
    with pytest.raises(redis.ResponseError, match=f"{MARKS}:p"):
        real.record([read(1, dialog=OTHER_DIALOG), read(1)])
    assert real.redis.keys(f"{PREFIX}:*:*:*") == [f"{PREFIX}:{MARKS}:p".encode()]
    assert audit(real.redis, APPLICATION) == Accounts()


def test_a_leased_key_that_is_no_slot_is_set_aside_when_its_lease_runs_out(real: RealLedger) -> None:
    real.record([read(), read(dialog=OTHER_DIALOG)])
    damaged, other = real.claim()
    real.redis.set(f"{PREFIX}:{damaged.slot}", "not a slot")
    settlements = [settlement(damaged, "done"), settlement(other, "done")]
    assert real.ledger.settle(settlements) == [Settled.STALE, Settled.ENDED]
    assert real.reap() == {}
    assert list(real.broken()) == [damaged.slot]
    assert real.redis.zcard(f"{PREFIX}:leases") == 0


def test_a_slot_that_was_set_aside_can_be_used_again(real: RealLedger) -> None:
    real.record([read()])
    real.redis.hset(f"{PREFIX}:{MARKS}", "pr", "garbage")
    assert real.claim() == []
    assert list(real.broken()) == [MARKS]
    real.record([read()])
    assert [claim.slot for claim in real.claim()] == [MARKS]


def test_a_slot_whose_fields_cannot_be_read_becomes_a_dead_letter(real: RealLedger) -> None:
    real.record([edit("x", 1), read(dialog=OTHER_DIALOG)])
    real.redis.hset(f"{PREFIX}:{EDITS}", "pv", "garbage")
    assert [claim.slot for claim in real.claim()] == [OTHER]
    (letter,) = real.letters()
    assert (letter["slot"], letter["text"], letter["receipts"]) == (EDITS, "x", "1")
    assert letter["reason"].startswith("unreadable")
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, dead=1, in_flight=1)


@pytest.fixture
def full(real: RealLedger) -> Iterator[Callable[[], None]]:
    """Lets Redis run out of memory from when it is called to the end of the test."""
    yield lambda: real.redis.config_set("maxmemory", 1)
    real.redis.config_set("maxmemory", 0)


def test_a_full_redis_refuses_whole_calls_and_the_backlog_still_drains(
    real: RealLedger, full: Callable[[], None]
) -> None:
    real.record([*MARKED, *EDITED, read(dialog=OTHER_DIALOG)])
    full()
    refused: list[list[Receipt]] = [[read(3)], [read(dialog="f" * 24), edit("y", 2), delivered(9)]]
    for receipts in refused:
        with pytest.raises(redis.ResponseError, match="maxmemory"):
            real.record(receipts)
    assert audit(real.redis, APPLICATION) == Accounts(recorded=5, pending=5)
    while claims := real.claim():
        assert all(real.ledger.settle([settlement(claim, "done") for claim in claims]))
    assert audit(real.redis, APPLICATION) == Accounts(recorded=5, covered=5)


def test_a_full_redis_takes_a_dead_letter_for_it_frees_the_slot(real: RealLedger, full: Callable[[], None]) -> None:
    real.record(EDITED)
    (claim,) = real.claim()
    full()
    assert real.settle(*settlement(claim, "dead"))
    assert audit(real.redis, APPLICATION) == Accounts(recorded=1, dead=1)
    assert len(real.letters()) == 1


def test_a_worker_that_starts_on_a_full_redis_stores_its_policy(real: RealLedger, full: Callable[[], None]) -> None:
    real.redis.delete(f"{PREFIX}:policy")
    full()
    real.ledger.publish_policy()
    assert real.redis.exists(f"{PREFIX}:policy")


def live_on(real: RealLedger, ending: str) -> None:
    """Lets the application work until nothing is left to do: every claim ends so, what is not settled is reaped."""
    for _ in range(5):
        real.come_due()
        for claim in real.claim():
            if ending == "done" or claim.slot == OTHER:
                real.settle(*settlement(claim, "done"))
        real.reap()
    assert real.redis.zcard(f"{PREFIX}:due") == real.redis.zcard(f"{PREFIX}:leases") == 0


def harm(real: RealLedger, slot: str, field: str, garbage: str | None) -> None:
    if garbage is None:
        real.redis.hdel(f"{PREFIX}:{slot}", field)
    else:
        real.redis.hset(f"{PREFIX}:{slot}", field, garbage)


FIELDS = [(MARKS, field) for field in MARK_FIELDS] + [(EDITS, field) for field in EDIT_FIELDS]


@pytest.mark.parametrize("ending", ["done", "reaped"])
@pytest.mark.parametrize(("slot", "field"), FIELDS, ids=lambda value: str(value)[:2])
def test_a_damaged_field_stops_nothing_but_its_slot(real: RealLedger, slot: str, field: str, ending: str) -> None:
    for garbage in (None, *GARBAGE):
        for in_flight in (False, True):
            real.redis.flushall()
            real.ledger.publish_policy()
            real.record([*(MARKED if slot == MARKS else EDITED), read(dialog=OTHER_DIALOG)])
            if in_flight:
                claims = real.claim()
                real.record(MARKED if slot == MARKS else EDITED)
                harm(real, slot, FLIGHT.get(field, field), garbage)
                if ending == "done":
                    real.ledger.settle([settlement(claim, "done") for claim in claims])
            else:
                harm(real, slot, field, garbage)
            live_on(real, ending)
            assert int(real.fields(OTHER)["C"]) == 1


@pytest.mark.parametrize("half", ["p", "f"])
@pytest.mark.parametrize("damage", ["missing", "another type", "garbage"])
def test_damaged_ids_stop_nothing_but_their_slot(real: RealLedger, half: str, damage: str) -> None:
    key = f"{PREFIX}:{MARKS}:{half}"
    real.record([*MARKED, *(read(dialog=dialog) for dialog in [*dialogs(3), OTHER_DIALOG])])
    if half == "f":
        real.come_due()
        assert real.claim()
    if damage == "garbage":
        real.redis.hset(key, f"r{1:024x}", "garbage")
    else:
        real.redis.delete(key)
    if damage == "another type":
        real.redis.set(key, "no ids")
    live_on(real, "done")
    assert int(real.fields(OTHER)["C"]) == 1
    counts = {name.decode(): int(n) for name, n in real.redis.hgetall(f"{PREFIX}:counts").items()}
    assert counts["covered"] >= 4
