"""The join's laws, in Lua: the order in which receipts arrive must not decide what is sent.

The laws of the Python (tests/unit/receipt_sync/test_join_laws.py), driven through record, claim and settle. Each
example has a user or a message of its own, so that hundreds of them share one ledger.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receipt_sync import EditMessage, MarkDelivered, MarkRead
from receipt_sync.join import EditHalf, Half, MarkHalf
from stack.redis_server import RedisServer
from tests.integration.ledger.real import RealLedger
from tests.model import edit_of, mark_of
from worker.ledger import Back

Mark = MarkRead | MarkDelivered
DIALOG = "d" * 24
MESSAGES = [f"{n:024x}" for n in range(11)]  # more than there is room for names
laws = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
fresh = itertools.count(1)

ids = st.sampled_from(MESSAGES)
marks = st.lists(
    st.builds(
        lambda kind, only: kind(dialog_id=DIALOG, user_id=1, **only),
        st.sampled_from([MarkRead, MarkDelivered]),
        st.one_of(
            st.just({}),
            ids.map(lambda id_: {"up_to": id_}),
            st.lists(ids, min_size=1, max_size=5).map(lambda listed: {"message_ids": listed}),
        ),
    ),
    min_size=1,
    max_size=8,
)
edits = st.lists(
    st.builds(
        lambda text, revision: EditMessage(
            dialog_id=DIALOG, message_id=MESSAGES[0], text=text, revision=revision, user_id=1
        ),
        st.sampled_from("abc"),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def ledger(redis_server: RedisServer) -> Iterator[RealLedger]:
    with redis_server.client() as client:
        client.flushall()
        yield RealLedger(client)


def joined_marks(ledger: RealLedger, *batches: Sequence[Mark]) -> MarkHalf:
    """The pending half after these recordings, of a user who has no other."""
    user = next(fresh)
    for batch in batches:
        ledger.record([dataclasses.replace(mark, user_id=user) for mark in batch])
    return mark_of(pending(ledger, f"m:{DIALOG}:u{user}"))


def joined_edits(ledger: RealLedger, *batches: Sequence[EditMessage]) -> EditHalf:
    """The pending half after these recordings, of a message that has no other."""
    message_id = f"{next(fresh):024x}"
    for batch in batches:
        ledger.record([dataclasses.replace(edit, message_id=message_id, max_text_bytes=9) for edit in batch])
    return edit_of(pending(ledger, f"e:{DIALOG}:{message_id}"))


def joined_back(ledger: RealLedger, older: Sequence[Mark], newer: Sequence[Mark]) -> MarkHalf:
    """The older ones claimed, the newer recorded meanwhile, the claim handed back: joined by the workers' script."""
    user = next(fresh)
    slot = f"m:{DIALOG}:u{user}"
    ledger.record([dataclasses.replace(mark, user_id=user) for mark in older])
    claim = next(claim for claim in ledger.claim(1000) if claim.slot == slot)
    ledger.record([dataclasses.replace(mark, user_id=user) for mark in newer])
    assert ledger.settle(slot, claim.generation, Back("closing"))
    return mark_of(pending(ledger, slot))


def pending(ledger: RealLedger, slot: str) -> Half | None:
    return ledger.state([slot]).slots[slot].pending


def to_send(half: MarkHalf) -> tuple[object, ...]:
    """Everything but the counts."""
    whole = [(each.count > 0, each.names, each.owed) for each in (half.read, half.delivered)]
    return (*whole, {id_: set(counts) for id_, counts in half.ids.items()})


@laws
@given(marks, marks)
def test_joining_marks_is_commutative(ledger: RealLedger, a: list[Mark], b: list[Mark]) -> None:
    assert joined_marks(ledger, a, b) == joined_marks(ledger, b, a)


@laws
@given(marks, marks, marks)
def test_joining_marks_is_associative(ledger: RealLedger, a: list[Mark], b: list[Mark], c: list[Mark]) -> None:
    assert joined_marks(ledger, [*a, *b], c) == joined_marks(ledger, a, [*b, *c])


@laws
@given(marks)
def test_marks_joined_twice_send_the_same(ledger: RealLedger, a: list[Mark]) -> None:
    assert to_send(joined_marks(ledger, a, a)) == to_send(joined_marks(ledger, a))


@laws
@given(marks, marks)
def test_what_comes_back_joins_as_if_it_had_never_been_away(ledger: RealLedger, a: list[Mark], b: list[Mark]) -> None:
    assert joined_back(ledger, a, b) == joined_marks(ledger, a, b)


@laws
@given(edits, edits)
def test_joining_edits_is_commutative_but_for_arrival(
    ledger: RealLedger, a: list[EditMessage], b: list[EditMessage]
) -> None:
    one, other = joined_edits(ledger, a, b), joined_edits(ledger, b, a)
    assert (one.count, one.revision) == (other.count, other.revision)
    if not {edit.revision for edit in a} & {edit.revision for edit in b}:
        assert one == other


@laws
@given(edits, edits, edits)
def test_joining_edits_is_associative(
    ledger: RealLedger, a: list[EditMessage], b: list[EditMessage], c: list[EditMessage]
) -> None:
    assert joined_edits(ledger, [*a, *b], c) == joined_edits(ledger, a, [*b, *c])


@laws
@given(edits)
def test_edits_joined_twice_say_the_same(ledger: RealLedger, a: list[EditMessage]) -> None:
    once, twice = joined_edits(ledger, a), joined_edits(ledger, a, a)
    assert (twice.revision, twice.text, twice.actor) == (once.revision, once.text, once.actor)
