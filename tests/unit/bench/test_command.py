"""The command: which figures it runs, and when it fails."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench import __main__ as command
from bench.figure import Figure
from bench.kept import read_all
from bench.options import Options


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Options]]:
    """Three figures that do nothing: a good one, one that misses its target, one that is broken."""
    calls: list[tuple[str, Options]] = []

    def measured(name: str, figure: Figure, options: Options) -> Figure:
        calls.append((name, options))
        return figure

    missing = Figure("missing")
    missing.add("wait", 3, most=2)
    figures = {"room": Figure("good"), "quiet": missing, "trace": Figure("broken", faults=["one was lost"])}
    fakes = {n: lambda options, n=n, f=f: measured(n, f, options) for n, f in figures.items()}
    monkeypatch.setattr(command, "FIGURES", fakes)
    return calls


def run(*words: str) -> Result:
    return CliRunner().invoke(command.main, words)


def test_without_names_all_are_run(ran: list[tuple[str, Options]]) -> None:
    run()
    assert [name for name, _ in ran] == ["room", "quiet", "trace"]


def test_a_missed_target_is_said_and_a_broken_figure_fails(ran: list[tuple[str, Options]]) -> None:
    missed, broken = run("room", "quiet"), run("trace")
    assert (missed.exit_code, broken.exit_code) == (0, 1)
    assert "MISSED" in missed.output
    assert "BROKEN: one was lost" in broken.output
    assert [name for name, _ in ran] == ["room", "quiet", "trace"]


def test_options_reach_the_figures(ran: list[tuple[str, Options]], tmp_path: Path) -> None:
    trace, out = tmp_path / "trace.csv.gz", tmp_path / "out.json"
    trace.touch()
    run("--trace", str(trace), "--speed", "2", "--seconds", "30", "--without-names", "--json", str(out), "room")
    assert ran == [("room", Options(trace, 2, 30, names=False, workers=1))]
    assert list(json.loads(out.read_text())["figures"]) == ["room"]


def test_a_figure_is_kept_when_asked(
    ran: list[tuple[str, Options]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "DIRECTORY", tmp_path)
    run("room")
    assert (len(ran), list(tmp_path.iterdir())) == (1, [])
    run("--keep", "room", "quiet")
    run("--as", "windy", "room")
    assert [kept.called for kept in read_all(tmp_path)] == ["quiet", "room", "room (windy)"]
