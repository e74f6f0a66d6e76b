"""Standings and slots in short: what a test does not say is an application that sends, and an empty slot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from worker.ledger.slots import Half, Slot
from worker.ledger.standing import VERDICTS, Breaker, Standing

NOW_MS = 1_000_000
_STANDING = Standing(
    application="default",
    now_ms=NOW_MS,
    pending=0,
    in_flight=0,
    slots_waiting=0,
    slots_due=0,
    slots_in_flight=0,
    oldest_wait_s=None,
    rate_per_s=72.0,
    configured_per_s=72.0,
    calls_last_s=0,
    hold_until_ms=None,
    breaker=Breaker(),
    paused=None,
    recorded=0,
    covered=0,
    absorbed=0,
    dead_letters=0,
    dead=0,
    notices=0,
    notices_lost=0,
    puts=dict.fromkeys(VERDICTS, 0),
    unreadable=(),
)
_SLOT = Slot(
    slot=f"m:{'d' * 24}:u7",
    kind="marks",
    actor="u7",
    message_id=None,
    due_ms=None,
    lease_ms=None,
    ahead=0,
    pending=None,
    in_flight=None,
    last_put_ms=None,
    failures=0,
    crashes=0,
    trouble="",
    waits_since_ms=None,
    lands_ms=None,
    recorded=0,
    covered=0,
    dead=0,
    readable=True,
)
HALF = Half(since_ms=NOW_MS - 500, receipts=1, read=1)


def a_standing(**more: Any) -> Standing:
    """An application; `puts` by verdict, the others 0."""
    puts = dict.fromkeys(VERDICTS, 0) | more.pop("puts", {})
    return replace(_STANDING, puts=puts, **more)


def a_slot(**more: Any) -> Slot:
    """A slot."""
    return replace(_SLOT, **more)
