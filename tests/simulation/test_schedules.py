"""A short share of the schedules; `make simulate` runs as many as one likes."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import shrunk_outcome, tell
from tests.simulation.mutants import MUTANTS, Mutant, found, mutated
from tests.simulation.running import tally
from tests.simulation.schedule import replay, run_seed
from tests.simulation.store import Store

SHARE = 300


@pytest.mark.parametrize("first", [SHARE * n for n in range(6)])
def test_every_promise_is_kept(store: Store, first: int) -> None:
    total = tally(store, range(first, first + SHARE))
    for seed, _ in total.broken[:1]:
        tell(store, seed)
    assert total.broken == [], "look at one with: make simulate SEED=…"
    assert total.faults.total() > SHARE
    assert total.puts.total() > SHARE


def test_the_same_seed_gives_the_same_history(store: Store) -> None:
    for seed in range(30):
        once = run_seed(store, seed, tell=True)
        assert once.world.chronicle.story
        assert run_seed(store, seed, tell=True).world.chronicle.story == once.world.chronicle.story
        assert replay(store, once.taken, tell=True).world.chronicle.story == once.world.chronicle.story


def test_a_schedule_that_fails_is_made_short_and_still_fails(store: Store) -> None:
    mutant = next(each for each in MUTANTS if each.name == "a receipt that arrives during the flight is dropped")
    with mutated(store, mutant):
        failed = run_seed(store, int(found()[mutant.name]["seed"]))
        assert failed.broken is not None
        shrunk = shrunk_outcome(store, failed)
        assert shrunk.broken is not None
        assert shrunk.broken.rule == failed.broken.rule
        assert sum(map(bool, shrunk.taken)) < sum(map(bool, failed.taken)) / 2
        assert replay(store, shrunk.taken).broken is not None
    assert replay(store, shrunk.taken).broken is None


def test_a_schedule_that_crashes_is_told_by_its_seed_and_made_short(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    crashes = Mutant(
        "settle fails", edits=(("local function write_counts()", "local function write_counts() error('x')"),)
    )
    with mutated(store, crashes):
        [(seed, words)] = tally(store, range(7, 8)).broken
        assert words.startswith("crash ResponseError: ")
        assert tell(store, seed)
    told = capsys.readouterr().out
    assert "shrunk to " in told
    assert "again: make simulate SEED=7" in told
