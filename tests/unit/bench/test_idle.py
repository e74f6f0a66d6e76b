"""Idle workers, from windows that were made up."""

from bench.idle import Window, figure_of

PLAIN = [Window(0.002, 1.5)] * 5


def test_the_targets_are_ours_alone() -> None:
    busy = [Window(1.0, 99.0)] * 5
    assert [row.name for row in figure_of([Window(0.005, 10.0)] * 5, busy).rows if row.missed] == []
    assert [row.name for row in figure_of([Window(0.0051, 10.1)] * 5, PLAIN).rows if row.missed] == [
        "ours: of a core",
        "ours: commands of Redis",
    ]


def test_both_are_compared_window_by_window() -> None:
    rows = figure_of([Window(0.004, 3.0)] * 5, PLAIN).rows
    assert [row.value for row in rows if row.unit == "x"] == [2, 2]


def test_a_peer_that_took_nothing_has_no_ratio() -> None:
    assert not [row for row in figure_of(PLAIN, [Window(0, 0)] * 5).rows if row.unit == "x"]
