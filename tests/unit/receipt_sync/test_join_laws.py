"""The join's laws: the order in which receipts arrive must not decide what is sent."""

from __future__ import annotations

import dataclasses
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from receipt_sync import EditMessage, MarkDelivered, MarkRead
from receipt_sync.join import (
    DELIVERED,
    FLAGS,
    NAMES_MAX,
    READ,
    EditHalf,
    MarkHalf,
    WholeDialog,
    edit_half,
    is_needless,
    join_edits,
    join_marks,
    mark_half,
    split_marks,
    without_covered,
)

DIALOG = "d" * 24
MESSAGES = [f"{n:024x}" for n in range(12)]  # more than there is room for names
NOTHING = MarkHalf()

messages = st.sampled_from(MESSAGES)
marks = st.builds(
    lambda kind, only: mark_half(kind(dialog_id=DIALOG, user_id=1, **only)),
    st.sampled_from([MarkRead, MarkDelivered]),
    st.one_of(
        st.just({}),
        messages.map(lambda id_: {"up_to": id_}),
        st.lists(messages, min_size=1, max_size=6).map(lambda ids: {"message_ids": ids}),
    ),
)
mark_halves = st.lists(marks, max_size=12).map(lambda halves: reduce(join_marks, halves, NOTHING))
edits = st.builds(
    lambda count, revision, text, actor, token: EditHalf(
        count, revision, text, actor, token if actor == "s2" else None
    ),
    st.integers(1, 9),
    st.integers(0, 4),
    st.sampled_from("abc"),
    st.sampled_from(["u1", "s2"]),
    st.sampled_from(["first", "second"]),
)


def without_token(edit: EditHalf) -> EditHalf:
    """An edit but for its token, of which arrival decides."""
    return dataclasses.replace(edit, token=None)


def to_send(half: MarkHalf) -> tuple[object, ...]:
    """What a PUT would say, and what would be remembered of it: everything but the counts."""
    whole = [(each.count > 0, each.names, each.owed) for each in (half.read, half.delivered)]
    return (*whole, {id_: set(counts) for id_, counts in half.ids.items()})


@given(mark_halves, mark_halves)
def test_joining_marks_is_commutative(a: MarkHalf, b: MarkHalf) -> None:
    assert join_marks(a, b) == join_marks(b, a)


@given(mark_halves, mark_halves, mark_halves)
def test_joining_marks_is_associative(a: MarkHalf, b: MarkHalf, c: MarkHalf) -> None:
    assert join_marks(join_marks(a, b), c) == join_marks(a, join_marks(b, c))


@given(mark_halves)
def test_marks_joined_twice_send_the_same(a: MarkHalf) -> None:
    assert to_send(join_marks(a, a)) == to_send(a)


@given(mark_halves)
def test_nothing_joined_changes_nothing(a: MarkHalf) -> None:
    assert join_marks(a, NOTHING) == a


@given(mark_halves, mark_halves)
def test_no_mark_is_lost_by_joining(a: MarkHalf, b: MarkHalf) -> None:
    joined = join_marks(a, b)
    assert joined.count == a.count + b.count
    for flag in FLAGS:
        asked = {id_ for half in (a, b) for id_, counts in half.ids.items() if flag in counts}
        assert joined.whole(flag).count > 0 or asked <= {id_ for id_, counts in joined.ids.items() if flag in counts}


@given(mark_halves)
def test_a_whole_dialog_and_its_messages_never_stand_side_by_side(a: MarkHalf) -> None:
    for flag in FLAGS:
        assert a.whole(flag).count == 0 or all(flag not in counts for counts in a.ids.values())


@given(mark_halves)
def test_names_are_bounded_and_owed_where_one_found_no_room(a: MarkHalf) -> None:
    for whole in (a.read, a.delivered):
        assert len(whole.names) <= NAMES_MAX
        assert whole.owed or whole.names or whole.count == 0


def test_of_too_many_names_the_greatest_stay_and_the_put_is_owed() -> None:
    named = [mark_half(MarkRead(dialog_id=DIALOG, user_id=1, up_to=id_)) for id_ in MESSAGES[: NAMES_MAX + 1]]
    assert reduce(join_marks, named[:-1]).read == WholeDialog(8, frozenset(MESSAGES[:8]))
    assert reduce(join_marks, named).read == WholeDialog(9, frozenset(MESSAGES[1:9]), owed=True)


@given(mark_halves, st.sampled_from(["r", "d", "rd"]), st.lists(messages, max_size=4))
def test_what_a_put_carried_and_the_rest_make_the_whole(a: MarkHalf, flags: str, ids: list[str]) -> None:
    taken, rest = split_marks(a, flags, ids)
    assert join_marks(taken, rest) == a
    assert taken.count + rest.count == a.count
    assert all(taken.whole(flag).count == 0 for flag in FLAGS if ids or flag not in flags)
    assert set(taken.ids) <= set(ids)


def test_marks_are_needless_only_when_every_name_is_covered() -> None:
    two = MarkHalf(read=WholeDialog(3, frozenset(MESSAGES[:2])))
    unnamed = join_marks(two, mark_half(MarkRead(dialog_id=DIALOG, user_id=1)))
    assert without_covered(two, {READ: MESSAGES[:3], DELIVERED: ()}) == NOTHING
    assert without_covered(two, {READ: MESSAGES[:1], DELIVERED: MESSAGES}) == two
    assert without_covered(unnamed, {READ: MESSAGES, DELIVERED: MESSAGES}) == unnamed


@given(edits, edits)
def test_joining_edits_is_commutative_but_for_arrival(a: EditHalf, b: EditHalf) -> None:
    if a.revision == b.revision:
        assert join_edits(a, b).text == b.text
    else:
        assert without_token(join_edits(a, b)) == without_token(join_edits(b, a))


@given(edits, edits, edits)
def test_joining_edits_is_associative(a: EditHalf, b: EditHalf, c: EditHalf) -> None:
    left, right = join_edits(join_edits(a, b), c), join_edits(a, join_edits(b, c))
    assert without_token(left) == without_token(right)
    assert left.token == right.token or len({a.actor, b.actor, c.actor}) > 1


def test_an_older_edit_brings_its_actors_newest_token() -> None:
    newest = EditHalf(1, 5, "new", "s2", "first")
    assert join_edits(newest, EditHalf(1, 4, "old", "s2", "second")) == EditHalf(2, 5, "new", "s2", "second")
    assert join_edits(newest, EditHalf(1, 4, "old", "s3", "third")) == EditHalf(2, 5, "new", "s2", "first")


@given(edits)
def test_an_edit_joined_twice_says_the_same(a: EditHalf) -> None:
    twice = join_edits(a, a)
    assert (twice.revision, twice.text, twice.actor) == (a.revision, a.text, a.actor)


def test_an_edit_is_needless_when_it_is_older_than_the_one_sent_or_already_stored() -> None:
    edit = EditHalf(1, 5, "x", "u1")
    assert is_needless(edit, sent_revision=6, stored_text=None)
    assert is_needless(edit, sent_revision=None, stored_text="x")
    assert not is_needless(edit, sent_revision=5, stored_text="other")
    assert not is_needless(edit, sent_revision=4, stored_text=None)
    assert not is_needless(edit, sent_revision=None, stored_text=None)


def test_an_edit_without_revision_takes_the_producers_time() -> None:
    edit = EditMessage(dialog_id=DIALOG, message_id=MESSAGES[0], text="now", user_id=7, token="t-7")
    assert edit_half(edit, 1_700_000_000_000) == EditHalf(1, 1_700_000_000_000, "now", "s7", "t-7")
