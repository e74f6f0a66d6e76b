"""docs/benchmarks.md: made from the figures that are kept."""

from pathlib import Path

import pytest

from bench.__main__ import FIGURES
from bench.figure import Figure
from bench.kept import Kept
from bench.page import about, main, page
from bench.rounds import Spread

ROOT = Path(__file__).parents[3]


def kept(figure: Figure, name: str = "room", label: str = "") -> Kept:
    return Kept(name, label, f"python -m bench {name}", "2026-11-26", "abc", {"cores": 2}, "It was windy.", figure)


@pytest.fixture
def curves() -> Figure:
    figure = Figure("slots", axis="dirty slots")
    for at, value in ((1_000, 2.0), (10_000, 3.0)):
        figure.add("record", value, "us", at=at, most=2.5)
    figure.add("claim", 4, "us", at=1_000)
    return figure


def test_the_page_in_docs_is_up_to_date() -> None:
    assert main(["--check", str(ROOT / "docs" / "benchmarks.md")]) == 0


def test_every_figure_tells_what_it_compares() -> None:
    for name in FIGURES:
        assert len(about(name)) > 100, name
        assert not about(name).startswith("`"), name


def test_a_run_stands_with_command_day_commit_machine_and_remark() -> None:
    text = page([kept(Figure("t"))])
    for words in ("$ python -m bench room\n", "2026-11-26, commit abc; cores 2", "It was windy."):
        assert words in text


def test_targets_are_counted_and_those_missed_are_named() -> None:
    figure = Figure("t")
    figure.add("wait", 3, "s", most=2)
    figure.add("speed", 3, least=2)
    figure.add("PUTs", 3)
    text = page([kept(figure, label="windy")])
    assert "1 of 2 targets are met; missed: room (windy): wait." in text
    assert "| wait | 3 s | at most 2: **missed** |  |" in text


def test_a_fault_is_not_hidden() -> None:
    assert "**BROKEN:** one was lost" in page([kept(Figure("t", faults=["one was lost"]))])


def test_a_curve_is_one_line_and_says_its_worst_verdict(curves: Figure) -> None:
    text = page([kept(curves)])
    assert "| dirty slots | 1,000 | 10,000 | target |" in text
    assert "| record, us | 2 | 3 | at most 2.500: **missed** |" in text
    assert "| claim, us | 4 |  |  |" in text
    assert "](benchmarks/room.svg)" in text


def test_a_point_says_what_its_rounds_lie_between() -> None:
    figure = Figure("node", axis="producers")
    figure.point("recorded", Spread(3, 2, 4.5), "a second", at=2)
    assert "| recorded, a second | 3 (2 to 4.5) |  |" in page([kept(figure)])


def test_what_was_left_out_is_said() -> None:
    assert "Left out: no Node here" in page([kept(Figure("t", notes=["no Node here"]))])


def test_check_passes_what_was_written_and_fails_what_was_changed(
    tmp_path: Path, curves: Figure, capsys: pytest.CaptureFixture[str]
) -> None:
    written, path = kept(curves).write(tmp_path / "benchmarks"), tmp_path / "benchmarks.md"
    assert main([str(path)]) == 0
    assert main(["--check", str(path)]) == 0
    written.write_text(written.read_text().replace("3.0", "2.5"))
    assert main(["--check", str(path)]) == 1
    complaints = capsys.readouterr().err
    assert [name for name in ("benchmarks.md", "room.svg", "targets.svg") if f"{name} is not" in complaints] == [
        "benchmarks.md",
        "room.svg",
        "targets.svg",
    ]


def test_a_picture_that_nothing_shows_any_more_fails(tmp_path: Path, curves: Figure) -> None:
    written, path = kept(curves).write(tmp_path / "benchmarks"), tmp_path / "benchmarks.md"
    main([str(path)])
    written.unlink()
    main([str(path)])
    assert main(["--check", str(path)]) == 1
