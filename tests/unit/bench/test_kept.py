"""Runs that are kept, and the commands that they are kept with."""

from pathlib import Path

import pytest

from bench.figure import Figure
from bench.kept import Kept, command_of, read_all

NAMES = ("room", "quiet")


def run(name: str, label: str = "", puts: int = 7) -> Kept:
    figure = Figure("t", faults=["one was lost"], axis="slots")
    figure.add("PUTs", puts, "calls", most=8, note="all", at=1_000)
    return Kept(name, label, "python -m bench", "2026-11-26", "abc", {"cores": 2}, "", figure)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    run("quiet").write(tmp_path)
    assert read_all(tmp_path) == [run("quiet")]


def test_a_run_replaces_its_own_figure_alone(tmp_path: Path) -> None:
    for each in (run("quiet"), run("room"), run("room", "one-node"), run("room", puts=9)):
        each.write(tmp_path)
    assert read_all(tmp_path) == [run("quiet"), run("room", puts=9), run("room", "one-node")]


def test_another_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "quiet.json").write_text('{"figures": {}}')
    with pytest.raises(ValueError, match=r"quiet\.json: expected what `python -m bench --keep` writes"):
        read_all(tmp_path)


def test_the_command_measures_that_figure_alone() -> None:
    words = ["--keep", "--speed", "2", "room", "quiet", "--as", "fast one"]
    assert command_of(words, "quiet", NAMES) == "python -m bench --speed 2 quiet"
    assert command_of(["--as=fast"], "room", NAMES) == "python -m bench room"
