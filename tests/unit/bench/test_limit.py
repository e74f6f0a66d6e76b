"""The changing limit's figure, from hand-made answers."""

from collections import Counter

import pytest

from bench.figure import Figure
from bench.limit import figure_of
from bench.options import Options


def figure(*phases: tuple[int, float, Counter[str]], waiting: int = 1) -> Figure:
    return figure_of(Options(), phases, waiting)


def value(of: Figure, name: str) -> float:
    return next(row.value for row in of.rows if row.name == name)


def missed(of: Figure) -> list[str]:
    return [row.name for row in of.rows if row.missed]


def test_shares_are_of_the_calls_that_the_limits_would_have_let_through() -> None:
    found = figure((80, 10.0, Counter({"200": 760, "429": 8})), (30, 20.0, Counter({"200": 540, "429": 2})))
    assert value(found, "available calls not used") == pytest.approx(1 - 1300 / 1400)
    assert value(found, "calls throttled") == pytest.approx(10 / 1310)
    assert value(found, "used of 30 a second") == pytest.approx(0.9)
    assert (missed(found), found.faults) == ([], [])


def test_what_is_left_over_and_what_is_refused_has_a_target() -> None:
    assert missed(figure((80, 10.0, Counter({"200": 700})))) == ["available calls not used"]
    assert missed(figure((80, 10.0, Counter({"200": 760, "429": 16})))) == ["calls throttled"]


def test_with_nothing_left_to_send_the_figure_is_worth_nothing() -> None:
    assert figure((80, 10.0, Counter({"200": 760})), waiting=0).faults
