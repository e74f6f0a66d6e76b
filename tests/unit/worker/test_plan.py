from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.worker.examples import DIALOG, TOKEN, edit_claim, mark_claim, message_id, put
from worker.ledger import EditClaim, MarkClaim, Part
from worker.plan import Limits, next_put, plan

LISTS = Limits(list_max_ids=50, both_flags=True)
NO_LISTS = Limits(list_max_ids=1, both_flags=True)
SPLIT = Limits(list_max_ids=50, both_flags=False)
A, B, C = message_id(1), message_id(2), message_id(3)


def paths_and_flags(claim: MarkClaim | EditClaim, limits: Limits) -> list[tuple[str, str]]:
    return [(each.path, each.flags) for each in plan(claim, limits)]


def test_a_whole_dialog_is_one_put_without_an_id() -> None:
    assert paths_and_flags(mark_claim(read_all=3), LISTS) == [("/chat/Message.json", "r")]
    assert paths_and_flags(mark_claim(delivered_all=1), LISTS) == [("/chat/Message.json", "d")]


def test_both_flags_of_a_whole_dialog_travel_together() -> None:
    [only] = plan(mark_claim(read_all=1, delivered_all=2), LISTS)
    assert only.path == "/chat/Message.json"
    assert only.body == {"chat_dialog_id": DIALOG, "read": "1", "delivered": "1"}


def test_where_the_api_takes_one_flag_they_are_split() -> None:
    puts = list(plan(mark_claim(read_all=1, delivered_all=2), SPLIT))
    assert [each.body for each in puts] == [
        {"chat_dialog_id": DIALOG, "read": "1"},
        {"chat_dialog_id": DIALOG, "delivered": "1"},
    ]


def test_ids_are_grouped_by_their_flags() -> None:
    claim = mark_claim(ids={A: "rd", B: "r", C: "d", message_id(4): "r"})
    assert paths_and_flags(claim, LISTS) == [
        (f"/chat/Message/{A}.json", "rd"),
        (f"/chat/Message/{B},{message_id(4)}.json", "r"),
        (f"/chat/Message/{C}.json", "d"),
    ]


def test_ids_with_both_flags_are_split_where_the_api_takes_one() -> None:
    assert paths_and_flags(mark_claim(ids={A: "rd", B: "rd"}), SPLIT) == [
        (f"/chat/Message/{A},{B}.json", "r"),
        (f"/chat/Message/{A},{B}.json", "d"),
    ]


def test_the_whole_dialog_goes_first_and_ids_of_the_other_flag_follow() -> None:
    claim = mark_claim(read_all=1, ids={A: "d", B: "d"})
    assert paths_and_flags(claim, LISTS) == [("/chat/Message.json", "r"), (f"/chat/Message/{A},{B}.json", "d")]


def test_without_comma_lists_each_id_has_its_own_put() -> None:
    assert paths_and_flags(mark_claim(ids={A: "r", B: "r"}), NO_LISTS) == [
        (f"/chat/Message/{A}.json", "r"),
        (f"/chat/Message/{B}.json", "r"),
    ]


@pytest.mark.parametrize(("most", "lengths"), [(1, [1] * 5), (2, [2, 2, 1]), (4, [4, 1]), (5, [5]), (50, [5])])
def test_lists_keep_to_the_limit(most: int, lengths: list[int]) -> None:
    claim = mark_claim(ids={message_id(n): "r" for n in range(5)})
    assert [len(each.message_ids) for each in plan(claim, Limits(most, both_flags=True))] == lengths


@pytest.mark.parametrize(("learnt", "lengths"), [(None, [4, 1]), (2, [2, 2, 1]), (1, [1] * 5), (100, [4, 1])])
def test_what_a_slot_has_learnt_shortens_its_lists_and_never_lengthens_them(
    learnt: int | None, lengths: list[int]
) -> None:
    claim = mark_claim(ids={message_id(n): "r" for n in range(5)}, list_limit=learnt)
    assert [len(each.message_ids) for each in plan(claim, Limits(4, both_flags=True))] == lengths


@pytest.mark.parametrize("limits", [LISTS, NO_LISTS, SPLIT])
def test_an_edit_is_one_put_to_its_message(limits: Limits) -> None:
    [only] = plan(edit_claim(text="updated message"), limits)
    assert only.path == f"/chat/Message/{A}.json"
    assert only.body == {"chat_dialog_id": DIALOG, "message": "updated message"}
    assert only.part == Part()


def test_actor_and_token_come_from_the_claim() -> None:
    for claim in (mark_claim(read_all=1, actor="s9", token=TOKEN), edit_claim(actor="s9", token=TOKEN)):
        [only] = plan(claim, LISTS)
        assert (only.actor, only.token) == ("s9", TOKEN)


@pytest.mark.parametrize("ids", [(), (A, B)])
def test_a_text_without_exactly_one_id_cannot_exist(ids: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=f"exactly one message, not to {len(ids)}") as caught:
        put(message_ids=ids, text="a private text")
    assert "private" not in str(caught.value)


def test_neither_text_nor_token_shows() -> None:
    assert "private" not in repr(put(message_ids=(A,), text="private", token="private"))


claims = st.builds(
    mark_claim,
    read_all=st.integers(0, 3),
    delivered_all=st.integers(0, 3),
    ids=st.dictionaries(st.integers(0, 40).map(message_id), st.sampled_from(["r", "d", "rd"]), max_size=12),
    list_limit=st.none() | st.integers(1, 60),
).filter(lambda claim: bool(claim.read_all or claim.delivered_all or claim.ids))
limits_of_apis = st.builds(Limits, list_max_ids=st.integers(1, 50), both_flags=st.booleans())


def content(claim: MarkClaim) -> Counter[tuple[str, str]]:
    """Pairs of a flag and a message id, or '' for the whole dialog."""
    whole = [(letter, "") for letter, n in (("r", claim.read_all), ("d", claim.delivered_all)) if n]
    return Counter(whole + [(letter, id_) for id_, letters in claim.ids.items() for letter in letters])


@given(claims, limits_of_apis)
def test_the_puts_of_a_plan_carry_exactly_the_claim_each_thing_once(claim: MarkClaim, limits: Limits) -> None:
    puts = list(plan(claim, limits))
    carried = Counter((letter, id_) for each in puts for letter in each.flags for id_ in each.message_ids or ("",))
    assert carried == content(claim)


@given(claims, limits_of_apis)
def test_no_put_of_a_plan_breaks_a_limit_or_carries_a_text(claim: MarkClaim, limits: Limits) -> None:
    for each in plan(claim, limits):
        assert len(each.message_ids) <= min(limits.list_max_ids, claim.list_limit or limits.list_max_ids)
        assert len(each.flags) <= 1 + limits.both_flags
        assert each.flags
        assert each.text is None
        assert each.part == Part(each.flags, each.message_ids)


@given(claims, limits_of_apis)
def test_a_plan_has_the_fewest_puts_that_its_limits_allow(claim: MarkClaim, limits: Limits) -> None:
    most = min(limits.list_max_ids, claim.list_limit or limits.list_max_ids)
    by_flags = Counter(claim.ids.values())
    whole = [claim.read_all, claim.delivered_all]
    if limits.both_flags:
        fewest = any(whole) + sum(-(-n // most) for n in by_flags.values())
    else:
        fewest = sum(1 for n in whole if n)
        fewest += sum(-(-(by_flags["rd"] + by_flags[letter]) // most) for letter in "rd")
    assert len(list(plan(claim, limits))) == fewest


def test_every_put_of_a_plan_has_its_turn() -> None:
    claims = [mark_claim(read_all=1, ids={A: "d", B: "d"}, generation=generation) for generation in range(5, 7)]
    assert {next_put(claim, LISTS).path for claim in claims} == {
        "/chat/Message.json",
        f"/chat/Message/{A},{B}.json",
    }
