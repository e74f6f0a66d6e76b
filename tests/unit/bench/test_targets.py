"""How far numbers are from their targets."""

from bench.figure import Row
from bench.targets import judged, score


def test_a_score_says_how_many_times_better_than_the_target() -> None:
    assert score(Row("wait", 4, most=8)) == 2
    assert score(Row("wait", 4, most=2)) == 0.5
    assert score(Row("speed", 6, least=2)) == 3
    assert score(Row("both", 4, most=8, least=1)) == 2


def test_what_cannot_be_divided_has_no_score() -> None:
    assert score(Row("growth", 0, most=0)) is None
    assert score(Row("growth", 1, most=0)) is None
    assert score(Row("PUTs", 1)) is None


def test_a_curve_is_judged_by_its_worst_point_and_every_other_number_by_itself() -> None:
    curve = [Row("memory", value, most=400, at=at) for at, value in ((1, 300), (10, 500), (100, 350))]
    others = [Row("growth", 0, most=0), Row("growth", 1, most=0), Row("PUTs", 1)]
    assert judged([*curve, *others]) == [curve[1], *others[:2]]
