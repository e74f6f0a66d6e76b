"""The pictures of docs/benchmarks.md."""

from pathlib import Path

from bench.figure import Figure, Row
from bench.kept import Kept
from bench.pictures import pictures, score


def kept(value: float) -> Kept:
    figure = Figure("t", axis="slots")
    for at in (1, 10, 1_000):
        figure.add("record", value, "us", at=at, most=2)
    return Kept("room", "", "python -m bench room", "2026-11-26", "abc", {}, "", figure)


def test_a_score_says_how_many_times_better_than_the_target() -> None:
    assert score(Row("wait", 4, most=8)) == 2
    assert score(Row("wait", 4, most=2)) == 0.5
    assert score(Row("speed", 6, least=2)) == 3
    assert score(Row("both", 4, most=8, least=1)) == 2


def test_what_cannot_be_divided_has_no_score() -> None:
    assert score(Row("growth", 0, most=0)) is None
    assert score(Row("growth", 1, most=0)) is None
    assert score(Row("PUTs", 1)) is None


def test_the_same_numbers_give_the_same_bytes_and_others_are_noticed(tmp_path: Path) -> None:
    for name, picture in pictures([kept(1.0)]).items():
        picture.draw(tmp_path / name)
        picture.draw(tmp_path / f"again-{name}")
        assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()
        assert picture.is_drawn(tmp_path / name)
        assert not pictures([kept(1.5)])[name].is_drawn(tmp_path / name)
    assert sorted(pictures([kept(1.0)])) == ["room.svg", "targets.svg"]
