"""The table of join cases, on the model."""

from __future__ import annotations

import pytest

from tests.histories import ModelLedger, play
from tests.unit.receipt_sync.join_cases import CASES, Case, said


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_model_keeps_the_promise(case: Case) -> None:
    ledger = ModelLedger()
    puts = play(ledger, case.history)
    state = ledger.state([case.slot])
    assert tuple(said(put) for put in puts) == case.puts
    assert state.slots == {case.slot: case.state}
    assert state.counts["absorbed"] == case.absorbed


def test_every_case_balances() -> None:
    for case in CASES:
        state = case.state
        waiting = sum(half.count for half in (state.pending, state.in_flight) if half)
        assert state.recorded == state.covered + state.dead + waiting, case.name
