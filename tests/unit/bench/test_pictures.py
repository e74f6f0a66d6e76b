"""The pictures of docs/benchmarks.md."""

from pathlib import Path

from bench.figure import Figure
from bench.kept import Kept
from bench.pictures import pictures


def kept(value: float) -> Kept:
    figure = Figure("t", axis="slots")
    for at in (1, 10, 1_000):
        figure.add("record", value, "us", at=at, most=2)
    return Kept("room", "", "python -m bench room", "2026-11-26", "abc", {}, "", figure)


def test_the_same_numbers_give_the_same_bytes_and_others_are_noticed(tmp_path: Path) -> None:
    for name, picture in pictures([kept(1.0)]).items():
        picture.draw(tmp_path / name)
        picture.draw(tmp_path / f"again-{name}")
        assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()
        assert picture.is_drawn(tmp_path / name)
        assert not pictures([kept(1.5)])[name].is_drawn(tmp_path / name)
    assert sorted(pictures([kept(1.0)])) == ["room.svg", "targets.svg"]
