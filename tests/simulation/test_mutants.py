"""The simulator's teeth: it finds every bug made on purpose, and none where there is none."""

from __future__ import annotations

import pytest

from tests.simulation.mutants import MUTANTS, Mutant, found, mutated
from tests.simulation.schedule import run_seed
from tests.simulation.store import Store


def test_the_table_is_of_these_mutants() -> None:
    assert list(found()) == [mutant.name for mutant in MUTANTS], "python -m tests.simulation --mutants"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_breaks_its_promise_at_its_seed_and_the_code_as_it_is_does_not(store: Store, mutant: Mutant) -> None:
    known = found()[mutant.name]
    seed = int(known["seed"])
    assert run_seed(store, seed).broken is None
    with mutated(store, mutant):
        broken = run_seed(store, seed).broken
    assert broken is not None
    assert broken.rule == known["promise"]


@pytest.mark.parametrize("function", ["", "worker.sending:send_claim"])
def test_a_mutant_that_changes_nothing_is_an_error(store: Store, function: str) -> None:
    gone = Mutant("gone", (("a text that stands nowhere", ""),), function)
    with pytest.raises(LookupError, match="a text that stands nowhere"), mutated(store, gone):
        pass
