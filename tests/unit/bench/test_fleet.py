"""Fleets, from rounds that were made up."""

from types import SimpleNamespace
from typing import cast

from bench.figure import Figure
from bench.fleet import FEW, FLEETS, MANY, Fleet, figure_of
from bench.rounds import Rounds


def figure_for(*complaints: str, apart: bool = True) -> Figure:
    fleets = {
        f"{workers} x {connections}": SimpleNamespace(
            workers=workers, connections=connections, cpu_ms=[99.0, 2.0, 2.0], complaints=lambda: list(complaints)
        )
        for connections in (FEW, MANY)
        for workers in FLEETS
    }
    turns = {name: lambda fleet=fleet: fleet.workers * 50.0 for name, fleet in fleets.items()}
    return figure_of(cast("dict[str, Fleet]", fleets), Rounds(turns, 2), apart=apart)


def test_every_fleet_is_held_against_a_single_worker() -> None:
    gains = [(row.name.split(",")[0], row.value) for row in figure_for().rows if row.unit == "x"]
    assert gains == [("2 workers / one", 2), ("2 workers / one", 2), ("4 workers / one", 4), ("4 workers / one", 4)]


def test_the_warm_up_counts_for_nothing() -> None:
    assert {row.value for row in figure_for().rows if row.unit == "ms a PUT"} == {2}


def test_it_says_whether_the_workers_had_machines_of_their_own() -> None:
    assert "namespace of its own" in figure_for().title
    assert "all on the loopback" in figure_for(apart=False).title


def test_each_fleet_that_complains_is_named() -> None:
    assert len(figure_for("nothing waited at the end").faults) == 6
