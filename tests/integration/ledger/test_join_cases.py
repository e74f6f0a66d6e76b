"""The table of join cases, on the Lua scripts in a real Redis."""

from __future__ import annotations

import pytest

from tests.histories import play
from tests.integration.ledger.real import APPLICATION, RealLedger
from tests.ledger_audit import audit
from tests.unit.receipt_sync.join_cases import CASES, Case, said


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_scripts_keep_the_promise(real: RealLedger, case: Case) -> None:
    puts = play(real, case.history)
    state = real.state([case.slot])
    assert tuple(said(put) for put in puts) == case.puts
    assert state.slots == {case.slot: case.state}
    assert state.counts["absorbed"] == case.absorbed
    assert state.dead_letters == state.counts["dead"] == case.state.dead
    audit(real.redis, APPLICATION)
