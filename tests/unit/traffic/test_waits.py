"""Hand-made recordings and journals, and what became of each receipt."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traffic.waits import Accepted, Fates, Recorded, accepted_puts, fates_of, quantile

D, E, M, N = "d" * 24, "e" * 24, "a" * 24, "b" * 24


def read(at_s: float, message: str = "", user: int = 1, dialog: str = D) -> Recorded:
    return Recorded(at_s, "read", dialog, user, message)


def delivered(at_s: float, message: str = "") -> Recorded:
    return Recorded(at_s, "delivered", D, 1, message)


def edit(at_s: float, revision: int, text: str = "") -> Recorded:
    return Recorded(at_s, "edit", D, 1, M, revision, text or f"text {revision}")


def put(at_s: float, flags: str = "r", user: int = 1, dialog: str = D) -> Accepted:
    return Accepted(at_s, dialog, user, (), "r" in flags, "d" in flags)


def put_text(at_s: float, text: str, message: str = M) -> Accepted:
    return Accepted(at_s, D, 1, (message,), text=text)


def waits(fates: Fates) -> list[tuple[float, float]]:
    """When recorded, how long waited."""
    return sorted((wait.receipt.recorded_s, wait.wait_s) for wait in fates.waits)


def test_one_put_covers_all_marks_before_it() -> None:
    fates = fates_of([read(1), read(2.5), delivered(2)], [put(3, "rd")])
    assert waits(fates) == [(1, 2), (2, 1), (2.5, 0.5)]
    assert not fates.uncovered
    assert not fates.needless


def test_one_put_covers_marks_that_name_different_messages() -> None:
    assert waits(fates_of([read(1, M), read(2, N)], [put(3)])) == [(1, 2), (2, 1)]


def test_a_repeat_before_the_put_waits_like_the_first() -> None:
    assert waits(fates_of([read(2.5, M), read(2, M)], [put(3)])) == [(2, 1), (2.5, 0.5)]


def test_a_put_without_its_flag_leaves_a_mark_waiting_for_one_with_it() -> None:
    assert waits(fates_of([delivered(1)], [put(2, "r"), put(4, "rd")])) == [(1, 3)]


def test_the_first_put_after_the_recording_counts() -> None:
    assert waits(fates_of([read(1), read(3)], [put(4), put(2)])) == [(1, 1), (3, 1)]


def test_a_put_before_the_recording_covers_nothing() -> None:
    fates = fates_of([read(1), read(3)], [put(2)])
    assert waits(fates) == [(1, 1)]
    assert fates.uncovered == [read(3)]


def test_a_put_at_the_very_moment_of_the_recording_covers_it() -> None:
    assert waits(fates_of([read(2)], [put(2)])) == [(2, 0)]


@pytest.mark.parametrize(
    "stranger", [put(2, user=2), put(2, dialog=E), put(2, "d"), Accepted(2, D, 1, (M,), read=True)]
)
def test_a_put_for_something_else_covers_nothing(stranger: Accepted) -> None:
    assert fates_of([read(1)], [stranger]).uncovered == [read(1)]


def test_a_mark_that_names_a_covered_message_is_absorbed() -> None:
    fates = fates_of([read(1, M), read(3, M)], [put(2)])
    assert waits(fates) == [(1, 1)]
    assert fates.absorbed == [read(3, M)]


def test_a_message_is_covered_for_one_flag_and_user_alone() -> None:
    later = [read(3, N), delivered(3, M), read(3, M, user=2), read(3, M, dialog=E)]
    assert len(fates_of([read(1, M), *later], [put(2)]).uncovered) == 4


def test_a_mark_without_a_name_is_never_absorbed() -> None:
    assert fates_of([read(1), read(3)], [put(2)]).uncovered == [read(3)]


def test_a_put_that_covers_nothing_is_needless() -> None:
    assert fates_of([read(1)], [put(2), put(3)]).needless == [put(3)]


def test_an_edit_is_covered_by_its_own_text_or_a_higher_one() -> None:
    fates = fates_of([edit(1, 1), edit(2, 2)], [put_text(3, "text 2")])
    assert waits(fates) == [(1, 2), (2, 1)]


def test_an_edit_is_not_covered_by_an_older_text() -> None:
    fates = fates_of([edit(1, 1), edit(2, 2)], [put_text(3, "text 1")])
    assert waits(fates) == [(1, 2)]
    assert fates.uncovered == [edit(2, 2)]


def test_an_edit_is_not_covered_by_another_message_or_an_unknown_text() -> None:
    assert fates_of([edit(1, 1)], [put_text(2, "text 1", N)]).uncovered == [edit(1, 1)]
    assert fates_of([edit(1, 1)], [put_text(2, "of nobody")]).uncovered == [edit(1, 1)]


def test_an_edit_older_than_one_sent_is_absorbed() -> None:
    fates = fates_of([edit(1, 5), edit(3, 4)], [put_text(2, "text 5")])
    assert fates.absorbed == [edit(3, 4)]


def test_a_repeated_edit_is_absorbed_once_sent_and_covered_before() -> None:
    again = fates_of([edit(1, 5), edit(1.5, 5), edit(3, 5)], [put_text(2, "text 5")])
    assert waits(again) == [(1, 1), (1.5, 0.5)]
    assert again.absorbed == [edit(3, 5)]


def test_an_edit_back_to_the_text_sent_absorbs_what_waited() -> None:
    back = [edit(1, 1, "old"), edit(3, 2, "new"), edit(4, 3, "old")]
    fates = fates_of(back, [put_text(2, "old")])
    assert fates.absorbed == back[1:]
    assert not fates.uncovered


def test_an_edit_back_to_a_text_that_is_being_replaced_needs_its_put() -> None:
    back = [edit(1, 1, "old"), edit(3, 2, "new"), edit(4, 3, "old")]
    in_flight = [put_text(2, "old"), put_text(4.1, "new")]
    assert fates_of(back, in_flight).uncovered == [back[2]]
    assert waits(fates_of(back, [*in_flight, put_text(6, "old")])) == [(1, 1), (3, pytest.approx(1.1)), (4, 2)]


def test_of_equal_revisions_the_later_arrival_wins() -> None:
    both = [edit(1, 1, "first"), edit(1, 1, "second")]
    assert fates_of(both, [put_text(2, "first")]).uncovered == [both[1]]
    assert len(fates_of(both, [put_text(2, "second")]).waits) == 2


def test_another_text_with_the_revision_sent_needs_its_put() -> None:
    later = edit(3, 1, "second")
    assert fates_of([edit(1, 1, "first"), later], [put_text(2, "first")]).uncovered == [later]


def test_what_was_absorbed_stays_so_when_more_is_sent() -> None:
    back = [edit(1, 1, "old"), edit(3, 2, "new"), edit(4, 3, "old"), edit(8, 4, "newest")]
    fates = fates_of(back, [put_text(2, "old"), put_text(9, "newest"), put_text(10, "newest")])
    assert fates.absorbed == back[1:3]
    assert waits(fates) == [(1, 1), (8, 1)]


def test_after_a_step_backwards_the_highest_sent_still_counts() -> None:
    late = edit(4, 4)
    fates = fates_of([edit(1, 1), edit(1, 5), late], [put_text(2, "text 5"), put_text(3, "text 1")])
    assert fates.absorbed == [late]


def test_the_same_text_twice_does_not_go_backwards() -> None:
    assert not fates_of([edit(1, 1)], [put_text(2, "text 1"), put_text(3, "text 1")]).backwards


def test_an_edit_that_goes_backwards_is_named() -> None:
    older = put_text(3, "text 1")
    assert fates_of([edit(1, 1), edit(1, 2)], [put_text(2, "text 2"), older]).backwards == [older]
    assert not fates_of([edit(1, 1), edit(1, 2)], [put_text(2, "text 1"), put_text(3, "text 2")]).backwards


TIMES = st.floats(0, 100, allow_nan=False)
RECORDED = st.one_of(
    st.builds(Recorded, TIMES, st.sampled_from(["read", "delivered"]), st.sampled_from([D, E]), st.integers(1, 2),
              st.sampled_from(["", M, N])),
    st.builds(edit, TIMES, st.integers(0, 3), st.sampled_from(["x", "y"])),
)  # fmt: skip
ACCEPTED = st.one_of(
    st.builds(put, TIMES, st.sampled_from(["r", "d", "rd"]), st.integers(1, 2), st.sampled_from([D, E])),
    st.builds(put_text, TIMES, st.sampled_from(["x", "y", "z"])),
)


@given(st.lists(RECORDED, max_size=30), st.lists(ACCEPTED, max_size=15))
def test_every_receipt_has_one_fate(recorded: list[Recorded], accepted: list[Accepted]) -> None:
    fates = fates_of(recorded, accepted)
    told = [wait.receipt for wait in fates.waits] + fates.absorbed + fates.uncovered
    assert sorted(map(repr, told)) == sorted(map(repr, recorded))
    assert all(wait.wait_s >= 0 for wait in fates.waits)


@given(st.lists(RECORDED, max_size=30))
def test_without_puts_nothing_is_covered(recorded: list[Recorded]) -> None:
    assert len(fates_of(recorded, []).uncovered) == len(recorded)


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    body: str
    status: int | None = 200
    arrived: float = 1.0
    user_id: int | None = 7


def only(calls: Sequence[Call]) -> list[Accepted]:
    return list(accepted_puts(calls))


def test_a_put_of_the_whole_dialog_is_read_from_the_journal() -> None:
    body = f'{{"chat_dialog_id": "{D}", "read": "1", "delivered": 1}}'
    assert only([Call("PUT", "/chat/Message.json", body)]) == [Accepted(1.0, D, 7, (), read=True, delivered=True)]


def test_ids_and_text_are_read_from_the_journal() -> None:
    body = f'{{"chat_dialog_id": "{D}", "message": "hi", "read": 0}}'
    assert only([Call("PUT", f"/chat/Message/{M}.json", body)]) == [Accepted(1.0, D, 7, (M,), text="hi")]
    assert only([Call("PUT", f"/chat/Message/{M},{N}.json", body)])[0].message_ids == (M, N)


def test_what_was_not_accepted_is_left_out() -> None:
    body = f'{{"chat_dialog_id": "{D}", "read": 1}}'
    path = "/chat/Message.json"
    assert not only([Call("PUT", path, body, 500), Call("PUT", path, body, None), Call("GET", path, "")])


def test_quantiles_are_values_that_occur() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)) == (50, 99, 100)
    assert quantile([3.0], 0.01) == 3
    assert quantile(values[:10], 0.99) == 10
    assert [quantile(values[:4], share) for share in (0.5, 0.51, 0.75)] == [2, 3, 3]


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0), ([1.0], 1.1)])
def test_a_quantile_of_nothing_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="expected values"):
        quantile(values, share)
