"""Many slots: the figure for rounds that were made up."""

from types import SimpleNamespace
from typing import cast

from bench.figure import Figure
from bench.rounds import Rounds
from bench.slots import RECORD, add_step, sizes_to
from bench.stock import Stock


def figure_for(few_us: float, many_us: float) -> Figure:
    stocks = [
        SimpleNamespace(slots=slots, waited_us={RECORD: [999.0, waited / 2, waited * 1.5]})
        for slots, waited in ((1_000, 16.0), (100_000, 18.0))
    ]
    sides = {f"{RECORD}, 1000": lambda: few_us, f"{RECORD}, 100000": lambda: many_us}
    figure = Figure("t", axis="dirty slots")
    add_step(figure, RECORD, cast("list[Stock]", stocks), Rounds(sides, 2))
    return figure


def test_stocks_grow_tenfold() -> None:
    assert sizes_to(1_000) == [1_000]
    assert sizes_to(99_999) == [1_000, 10_000]
    assert sizes_to(1_000_000) == [1_000, 10_000, 100_000, 1_000_000]


def test_the_largest_stock_is_held_against_the_smallest() -> None:
    flat, steep = figure_for(40, 50), figure_for(40, 51)
    assert [row.label for row in flat.rows if row.missed] == []
    assert [row.label for row in steep.rows if row.missed] == ["record, Redis' time"]
    assert [row.value for row in flat.rows if row.unit == "x"] == [1.25, 1.125]
    assert flat.rows[-1].note.startswith("rounds from 1.12 to 1.12"), "the warm-up is no round"


def test_every_stock_is_a_point_and_the_warm_up_counts_for_nothing() -> None:
    points = [(row.name, row.at, row.value) for row in figure_for(40, 50).rows if row.at]
    assert points == [
        ("record: Redis' time", 1_000, 40),
        ("record: Redis' time", 100_000, 50),
        ("record: waited", 1_000, 16),
        ("record: waited", 100_000, 18),
    ]
