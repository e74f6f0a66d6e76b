"""Counting PUTs for a gather time: against the oracle, and rule by rule."""

from __future__ import annotations

import pytest

from tests.shorthand import DIALOG, msg
from traffic.busy_chat import busy_chat
from traffic.oracle import fewest_puts
from worker.plan import Limits
from worker.shadow.counting import Count, Gather
from worker.shadow.notes import Note

BOTH = Limits(list_max_ids=50, both_flags=True)
TWO = Gather(2, 2)
SLOT, OTHER, EDITS = f"m:{DIALOG}:u1", f"m:{DIALOG}:u2", f"e:{DIALOG}:{msg(1)}"


def counted(*notes: Note, gather: Gather = TWO, limits: Limits = BOTH) -> Count:
    count = Count(gather, limits)
    count.take(notes)
    count.end()
    return count


def read(t_s: float, name: str = "", slot: str = SLOT) -> Note:
    return Note(t_s, "r", slot, name)


@pytest.mark.parametrize("wait_s", [0.5, 2, 10])
def test_without_names_a_fixed_gather_time_costs_what_the_oracle_says(wait_s: float) -> None:
    arrivals = busy_chat(seed=3, receipts=4000, duration_s=60).arrivals
    kinds = {"read": "r", "delivered": "d", "edit": "e"}
    count = Count(Gather(wait_s, wait_s), BOTH)
    for each in arrivals:
        last = each.message if each.kind == "edit" else f"u{each.user}"
        count.take([Note(each.t_s, kinds[each.kind], f"{each.kind == 'edit'}:{each.dialog}:{last}")])
    count.end()
    assert count.puts == fewest_puts(arrivals, wait_s)
    assert count.receipts == 4000
    assert count.longest_s == pytest.approx(wait_s)


def test_what_gathers_travels_together_and_what_comes_when_it_is_due_too() -> None:
    count = counted(read(0), Note(1, "d", SLOT), read(2))
    assert (count.puts, count.receipts, count.longest_s) == (1, 3, 2)
    assert counted(read(0), read(2.001)).puts == 2


def test_flags_are_split_where_they_must_be() -> None:
    assert counted(read(0), Note(1, "d", SLOT), limits=Limits(50, both_flags=False)).puts == 2


def test_a_mark_that_names_a_covered_message_costs_nothing() -> None:
    count = counted(read(0, msg(1)), read(9, msg(1)))
    assert (count.puts, count.absorbed, count.saved) == (1, 1, 0.5)
    assert counted(read(0, msg(1)), read(9, msg(2))).puts == 2
    assert counted(read(0, msg(1)), Note(9, "d", SLOT, msg(1))).puts == 2
    assert counted(read(0, msg(1)), read(9, msg(1), OTHER)).puts == 2
    assert counted(read(0), read(9)).puts == 2


def test_listed_messages_take_lists_unless_the_whole_dialog_is_marked() -> None:
    three = Note(0, "r", SLOT, ids=(msg(1), msg(2), msg(3)))
    assert counted(three, limits=Limits(2, both_flags=True)).puts == 2
    assert counted(three).receipts == 3
    assert counted(three, read(1)).puts == 1
    assert counted(three, Note(1, "d", SLOT, ids=(msg(1),))).puts == 2  # those with one flag, that with both


def test_after_its_put_a_slot_waits_out_the_longest_gather_time() -> None:
    count = counted(read(0), read(0.1), read(0.2), read(5), gather=Gather(0, 2))
    assert count.puts == 3
    assert count.longest_s == pytest.approx(1.9)


def test_edits_of_one_message_share_a_put() -> None:
    assert counted(Note(0, "e", EDITS), Note(1, "e", EDITS), Note(9, "e", EDITS)).puts == 2


def test_the_busiest_second() -> None:
    assert counted(*(read(t / 8, slot=f"m:{DIALOG}:u{t}") for t in range(30))).busiest == 8


def test_what_still_gathers_is_not_taken_for_saved() -> None:
    count = Count(Gather(30, 30), BOTH)
    count.take([read(0), read(1)])
    assert (count.waiting, count.saved) == (2, 0.0)
    count.end()
    assert (count.waiting, count.saved) == (0, 0.5)


def test_slots_at_rest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.shadow.counting._FORGET_EVERY", 1)
    count = Count(Gather(1, 1), BOTH, remember_s=10)
    count.take([read(t, slot=f"m:{DIALOG}:u{t}") for t in range(0, 200, 5)])
    assert len(count._slots) <= 4
