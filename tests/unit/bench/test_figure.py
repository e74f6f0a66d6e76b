"""Rows, targets and faults, and how they are printed."""

import json
from io import StringIO
from pathlib import Path

from rich.console import Console

from bench.figure import Figure, Row, number_text, verdict_text
from bench.printing import WIDTH, print_figure, write_json
from bench.rounds import Spread


def test_a_target_is_missed_above_it_alone() -> None:
    assert Row("wait", 2.51, most=2.5).missed
    assert not Row("wait", 2.5, most=2.5).missed
    assert not Row("wait", 99).missed
    assert Row("speed", 5.9, least=6).missed
    assert not Row("speed", 6, least=6).missed


def test_a_verdict_names_the_target() -> None:
    assert verdict_text(Row("wait", 2.51, most=2.5)) == "at most 2.500: MISSED"
    assert verdict_text(Row("wait", 2, most=2.5)) == "at most 2.500: met"
    assert verdict_text(Row("wait", 2)) == ""
    assert verdict_text(Row("speed", 7, least=6)) == "at least 6: met"
    assert verdict_text(Row("speed", 9, most=8, least=6)) == "at most 8 and at least 6: MISSED"


def test_numbers_keep_what_matters() -> None:
    assert (number_text(80_448), number_text(1.0204), number_text(0)) == ("80,448", "1.020", "0")


def test_a_demand_that_does_not_hold_is_a_fault() -> None:
    figure = Figure("t")
    figure.demand([], "nothing there")
    figure.demand([1], "something there")
    assert figure.faults == ["nothing there"]


def test_misses_and_faults_are_printed() -> None:
    figure = Figure("t", faults=["[one] receipt was lost"])
    figure.add("wait max", 3.0, "s", most=2.5)
    words = StringIO()
    print_figure(Console(file=words, width=WIDTH), "trace", figure)
    assert "MISSED" in words.getvalue()
    assert "BROKEN: [one] receipt was lost" in words.getvalue()


def test_json_holds_command_machine_and_rows(tmp_path: Path) -> None:
    figure = Figure("t")
    figure.add("PUTs", 7)
    write_json(tmp_path / "out.json", "python -m bench", {"cores": 2}, {"trace": figure})
    document = json.loads((tmp_path / "out.json").read_text())
    assert (document["command"], document["machine"]) == ("python -m bench", {"cores": 2})
    assert document["figures"]["trace"]["rows"][0]["value"] == 7


def test_a_comparison_shows_between_what_its_rounds_lie() -> None:
    figure = Figure("recording")
    figure.compare("ours / theirs", Spread(3, 2, 5), least=6, note="one process")
    row = figure.rows[0]
    assert (row.value, row.unit, row.least, row.missed) == (3, "x", 6, True)
    assert row.note == "rounds from 2 to 5; one process"
