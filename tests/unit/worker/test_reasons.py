"""Why a slot is not sent: each reason, and which of several comes first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.worker.standings import HALF, NOW_MS, a_slot, a_standing
from worker.ledger.pausing import Paused
from worker.ledger.standing import Breaker
from worker.reasons import NOTICED_MS, why_not_sent

DUE = {"pending": HALF, "due_ms": NOW_MS - 10}
LATER = {"pending": HALF, "due_ms": NOW_MS + 900}
PAUSED = Paused(NOW_MS - 5, "a move")


@pytest.mark.parametrize(
    ("slot", "of", "expected"),
    [
        ({}, {}, ["nothing"]),
        ({"dead": 2}, {}, ["dead letter"]),
        ({"dead": 2, **LATER}, {}, ["not yet due"]),
        ({"readable": False}, {}, ["unreadable"]),
        ({"pending": HALF}, {}, ["unreadable"]),
        (DUE, {}, ["next"]),
        (LATER, {}, ["not yet due"]),
        ({**LATER, "failures": 2, "trouble": "status 503"}, {}, ["backoff"]),
        ({**LATER, "lands_ms": NOW_MS + 900}, {}, ["in doubt"]),
        ({**LATER, "lands_ms": NOW_MS - 1}, {}, ["not yet due"]),
        ({**LATER, "waits_since_ms": NOW_MS - 1}, {}, ["actor stopped"]),
        ({**DUE, "due_ms": NOW_MS - NOTICED_MS - 1}, {}, ["no worker"]),
        ({**DUE, "due_ms": NOW_MS - NOTICED_MS - 1}, {"calls_last_s": 72}, ["pace"]),
        (DUE, {"calls_last_s": None, "rate_per_s": None}, ["next"]),
        ({**DUE, "due_ms": NOW_MS - NOTICED_MS - 1}, {"paused": PAUSED}, ["pause"]),
        (LATER, {"paused": PAUSED, "hold_until_ms": NOW_MS + 50}, ["pause", "hold", "not yet due"]),
        (DUE, {"breaker": Breaker("outage", NOW_MS - 9, NOW_MS + 9)}, ["breaker"]),
        ({"in_flight": HALF, "lease_ms": NOW_MS + 9}, {}, ["in flight"]),
        ({"in_flight": HALF, "lease_ms": NOW_MS + 9, **LATER}, {"paused": PAUSED}, ["in flight"]),
    ],
)
def test_the_reasons(slot: dict[str, Any], of: dict[str, Any], expected: list[str]) -> None:
    assert [each.name for each in why_not_sent(a_slot(**slot), a_standing(**of))] == expected


def test_a_lease_that_is_over_says_that_its_worker_died() -> None:
    [reason] = why_not_sent(a_slot(in_flight=HALF, lease_ms=NOW_MS - 1), a_standing())
    assert "its worker has died or hangs" in reason.says


@pytest.mark.parametrize(("actor", "expected"), [("s7", "another token"), ("u7", "neither an API key nor a session")])
def test_whose_credentials_are_missing(actor: str, expected: str) -> None:
    [reason] = why_not_sent(a_slot(**LATER, waits_since_ms=NOW_MS - 1, actor=actor), a_standing())
    assert expected in reason.says
