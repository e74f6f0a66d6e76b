"""The figures of burst, drain and door, from hand-made turns."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from unittest.mock import Mock

import pytest

from bench import burst, door, drain
from bench.figure import Figure
from bench.processor import Spent
from bench.rounds import Rounds
from bench.turns import Turns


def rounds_of(**values: float) -> Rounds:
    return Rounds({name.replace("_", " "): lambda value=value: value for name, value in values.items()})  # type: ignore[misc]


def turns_of(*spent: Spent) -> Turns:
    turns = Turns(Mock(), lambda: 0.0)
    turns._all = [Spent(99, 99, 99, 99), *spent]
    return turns


def values(figure: Figure) -> dict[str, float]:
    return {row.name: row.value for row in figure.rows}


def missed(figure: Figure) -> list[str]:
    return [row.name for row in figure.rows if row.missed]


# burst ----------------------------------------------------------------------------------------------------------


def side(marks: int, wall_s: float, own_s: float, puts: int, uncovered: int = 0) -> Any:
    turns = turns_of(*[Spent(wall_s, own_s, 0, 0)] * 5)
    return Mock(marks=[None] * marks, turns=turns, puts=[99, *[puts] * 5], uncovered=uncovered)


def burst_figure(ours_s: float = 4.0, ours_cpu_s: float = 2.0) -> Figure:
    sides = {
        burst.OURS: side(1_000, ours_s, ours_cpu_s, 25),
        burst.PREFORK: side(10, 0.8, 0.4, 10),
        burst.THREADS: side(10, 2, 1, 10),
        burst.SINGLETON: side(100, 2, 1, 5, uncovered=3),
        burst.SINGLETON_THREADS: side(100, 1, 1, 5, uncovered=2),
        burst.FLOOR: side(1_000, 1, 1, 20),
    }
    seconds = {name: lambda one=one: one.turns.rounds[0].wall_s / len(one.marks) for name, one in sides.items()}
    return burst.figure_of(1_000, Rounds(seconds), sides, 0.16)


def test_a_peer_with_a_share_is_counted_by_the_receipt() -> None:
    found = values(burst_figure())
    assert found["plain, prefork / ours: time"] == pytest.approx(20)
    assert found["plain, prefork / ours: processor time"] == pytest.approx(20)
    assert found["celery-singleton, prefork / ours: time"] == pytest.approx(5)
    assert found["celery-singleton, threads / ours: time"] == pytest.approx(2.5)
    assert found["asyncio floor / ours: time"] == pytest.approx(0.25)
    assert found["plain, prefork: seconds to all covered"] == pytest.approx(80)
    assert found["celery-singleton, prefork: PUTs"] == 50
    assert found["plain, prefork: a receipt in 4 x as many"] == pytest.approx(2)


def test_what_a_lock_has_dropped_is_said() -> None:
    found = values(burst_figure())
    assert found["celery-singleton, prefork: receipts covered by no PUT"] == 3
    assert found["celery-singleton, threads: receipts covered by no PUT"] == 2


def test_targets_of_a_burst_are_for_plain_celery_in_time_and_processor_time() -> None:
    assert missed(burst_figure(3.9, 1.9)) == []
    assert missed(burst_figure(4.1, 1.9)) == ["plain, prefork / ours: time"]
    assert missed(burst_figure(3.9, 2.1)) == ["plain, prefork / ours: processor time"]


@pytest.mark.parametrize("share", [1, 10, 100])
def test_a_share_of_a_burst_has_as_many_receipts_for_each_dialog(share: int) -> None:
    marks = burst.burst(100_000, share)
    by_dialog = Counter(mark.dialog_id for mark in marks)
    assert len(marks) == 100_000 // share
    assert len(by_dialog) == 1_000 // share
    assert set(by_dialog.values()) == {100}


def test_a_burst_is_mixed_and_the_same_each_time() -> None:
    dialogs = [mark.dialog_id for mark in burst.burst(10_000)]
    assert 50 < len(set(dialogs[:100])) < 100
    assert dialogs == [mark.dialog_id for mark in burst.burst(10_000)]


# drain ----------------------------------------------------------------------------------------------------------


def drain_figure(ours: float, loop: float) -> Figure:
    spent: Sequence[Spent] = [Spent(2, 1, 0.5, 0.25), Spent(2, 1, 0.5, 0.25)]
    return drain.figure_of(1_000, rounds_of(ours=ours, loop=loop), turns_of(*spent), turns_of(*spent))


def test_a_drain_is_judged_by_puts_for_a_core() -> None:
    assert missed(drain_figure(800, 1_000)) == []
    assert missed(drain_figure(799, 1_000)) == ["ours / loop"]
    found = values(drain_figure(800, 1_000))
    assert found["ours: processor time a PUT"] == pytest.approx(1_000)
    assert found["ours: PUTs per second"] == pytest.approx(500)
    assert found["ours: of Redis"] == pytest.approx(500)
    assert found["loop: of the sandbox"] == pytest.approx(250)


@pytest.mark.parametrize("slots", [1, 99, 100, 101, 3_000])
def test_as_many_slots_as_wanted_each_once(slots: int) -> None:
    marks = drain.marks_of(slots)
    assert len({(mark.dialog_id, mark.user_id) for mark in marks}) == len(marks) == slots


# door -----------------------------------------------------------------------------------------------------------


def test_the_door_is_judged_by_messages_a_second() -> None:
    def figure(ours: float) -> Figure:
        turns = {name: turns_of(Spent(2, 1, 0.5, 0)) for name in ("ours", "plain")}
        return door.figure_of(1_000, rounds_of(ours=ours, plain=1_000), turns)

    assert missed(figure(900)) == []
    assert missed(figure(899)) == ["ours / a task that does nothing"]
    assert values(figure(900))["plain: of Redis"] == pytest.approx(500)
