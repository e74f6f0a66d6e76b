import re
from collections import Counter, defaultdict
from itertools import pairwise
from random import Random

import pytest

from traffic.arrivals import Arrival
from traffic.busy_chat import busy_chat
from traffic.day import GROUP, PRIVATE, Day
from traffic.oracle import fewest_puts
from traffic.storm import RETURN_WITHIN_S, STORM_AT, Storm

DURATION_S = 300.0


@pytest.fixture(scope="module")
def day() -> Day:
    return busy_chat(seed=7, receipts=20_000, duration_s=DURATION_S)


def marks(day: Day, kind: str) -> list[Arrival]:
    return [arrival for arrival in day.arrivals if arrival.kind == kind]


def edits_by_message(day: Day) -> dict[str, list[Arrival]]:
    edits = defaultdict(list)
    for arrival in marks(day, "edit"):
        edits[arrival.message].append(arrival)
    return edits


def test_the_seed_decides_everything() -> None:
    assert busy_chat(seed=3, receipts=500, duration_s=20) == busy_chat(seed=3, receipts=500, duration_s=20)
    assert busy_chat(seed=3, receipts=500, duration_s=20) != busy_chat(seed=4, receipts=500, duration_s=20)


@pytest.mark.parametrize(("receipts", "duration_s"), [(1, 1), (600, 10), (2_000, 1.5), (5_000, 600)])
def test_has_the_requested_receipts_in_time_and_in_order(receipts: int, duration_s: float) -> None:
    times_s = [arrival.t_s for arrival in busy_chat(5, receipts, duration_s).arrivals]
    assert len(times_s) == receipts
    assert times_s == sorted(times_s)
    assert times_s[0] >= 0
    assert times_s[-1] <= duration_s


@pytest.mark.parametrize(("receipts", "duration_s"), [(0, 10), (10, 0.5)])
def test_an_impossible_day_is_refused(receipts: int, duration_s: float) -> None:
    with pytest.raises(ValueError, match="expected 1 receipt or more within 1 s or more"):
        busy_chat(1, receipts, duration_s)


def test_ids_look_like_the_apis_and_are_unique(day: Day) -> None:
    ids = [dialog.id for dialog in day.dialogs] + [message.id for message in day.messages]
    assert all(re.fullmatch(r"[0-9a-f]{24}", each) for each in ids)
    assert len(set(ids)) == len(ids)
    assert len(set(day.users)) == len(day.users)


def test_every_receipt_is_about_a_message_of_its_dialog_and_by_an_occupant(day: Day) -> None:
    occupants = {dialog.id: dialog.occupants for dialog in day.dialogs}
    messages = {message.id: message for message in day.messages}
    for arrival in day.arrivals:
        message = messages[arrival.message]
        assert message.dialog == arrival.dialog
        assert arrival.user in occupants[arrival.dialog]
        assert arrival.t_s > message.t_s
        assert (arrival.user == message.sender) == (arrival.kind == "edit")


def test_every_occupant_is_a_user_and_private_dialogs_are_of_two(day: Day) -> None:
    assert {user for dialog in day.dialogs for user in dialog.occupants} == set(day.users)
    assert {dialog.type for dialog in day.dialogs} == {GROUP, PRIVATE}
    assert all(len(dialog.occupants) == 2 for dialog in day.dialogs if dialog.type == PRIVATE)
    assert max(len(dialog.occupants) for dialog in day.dialogs) > 20


def test_some_dialogs_are_hot(day: Day) -> None:
    receipts = [count for _, count in Counter(arrival.dialog for arrival in day.arrivals).most_common()]
    assert sum(receipts[: len(receipts) // 10]) > len(day.arrivals) / 3


def test_a_third_has_a_second_device_that_repeats_a_little_later(day: Day) -> None:
    times_s = defaultdict(list)
    for arrival in marks(day, "delivered"):
        times_s[arrival.user, arrival.message].append(arrival.t_s)
    assert {len(each) for each in times_s.values()} == {1, 2}
    users = {user for user, _ in times_s}
    with_two = {user for (user, _), each in times_s.items() if len(each) == 2}
    assert len(with_two) / len(users) == pytest.approx(1 / 3, abs=0.05)
    delays_s = [each[1] - each[0] for each in times_s.values() if len(each) == 2]
    assert min(delays_s) > 0
    # the storm parts the devices of some
    assert sum(delay_s < 3 for delay_s in delays_s) / len(delays_s) > 0.95


def test_opening_a_dialog_reads_what_was_missed_in_a_burst(day: Day) -> None:
    times_s = defaultdict(list)
    for arrival in marks(day, "read"):
        times_s[arrival.dialog, arrival.user].append(arrival.t_s)
    quick = sum(later - earlier < 0.1 for each in times_s.values() for earlier, later in pairwise(each))
    assert quick > len(marks(day, "read")) / 20


def test_one_message_in_twenty_is_edited_with_growing_revisions_and_texts_of_their_own(day: Day) -> None:
    edits = edits_by_message(day)
    assert len(edits) / len(day.messages) == pytest.approx(1 / 20, rel=0.4)
    for of_one in edits.values():
        revisions = [edit.revision for edit in of_one]
        assert revisions == sorted(set(revisions))
        assert len({edit.text for edit in of_one}) == len(of_one)
        assert all(edit.text for edit in of_one)
    assert max(len(of_one) for of_one in edits.values()) == 4


def test_edits_of_one_message_follow_within_seconds(day: Day) -> None:
    gaps_s = [
        later.t_s - earlier.t_s for of_one in edits_by_message(day).values() for earlier, later in pairwise(of_one)
    ]
    assert sum(gap_s <= 5 for gap_s in gaps_s) / len(gaps_s) > 0.95


def test_marks_carry_neither_text_nor_revision(day: Day) -> None:
    assert all(not arrival.text and arrival.revision == 0 for arrival in day.arrivals if arrival.kind != "edit")


def test_many_users_come_back_within_two_seconds_and_report_everything_missed(day: Day) -> None:
    storm_s = STORM_AT * DURATION_S
    users_by_window = defaultdict(set)
    for arrival in marks(day, "delivered"):
        users_by_window[(arrival.t_s - storm_s) // 2].add(arrival.user)
    usual = sorted(len(users) for users in users_by_window.values())[len(users_by_window) // 2]
    assert len(users_by_window[0]) > 3 * usual


def test_without_a_storm_the_day_is_even() -> None:
    calm = busy_chat(seed=7, receipts=20_000, duration_s=DURATION_S, stormy_share=0.0)
    per_second = sorted(Counter(int(arrival.t_s) for arrival in calm.arrivals).values())
    assert per_second[-1] < 2.5 * per_second[len(per_second) // 2]


def test_a_storm_holds_back_and_keeps_the_order() -> None:
    storm = Storm.over(Random(1), range(100), duration_s=100.0, share=1.0)
    asked_s = [10.0, 40.0, 45.0, 59.0, 70.0]
    online_s = [storm.online_s(5, t_s) for t_s in asked_s]
    assert online_s[0] == 10.0
    assert all(60.0 <= t_s < 60.0 + RETURN_WITHIN_S + 1 for t_s in online_s[1:4])
    assert online_s == sorted(online_s)
    assert online_s[4] == 70.0


def test_coalesces_as_much_as_was_recorded() -> None:
    arrivals = busy_chat(seed=2, receipts=20_000, duration_s=160).arrivals
    assert fewest_puts(arrivals, 2.0) / len(arrivals) == pytest.approx(0.689, rel=0.1)
