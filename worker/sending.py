"""Sending: one claim's PUT, from the plan to the outcome that its settle tells the ledger.

A claim that is too old to be sent within its lease, or for its place in the pace, is handed back unsent.
"""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass

import sentry_sdk

from worker.acting import Patience, outcome_of
from worker.chat_api import Door
from worker.deadline import TooLateError
from worker.ledger import Again, Back, Dead, Done, EditClaim, Ledger, MarkClaim, Outcome
from worker.ledger.outcomes import timed
from worker.logs import events
from worker.logs.event import Event
from worker.logs.private import pseudonym
from worker.plan import Limits, Put, next_put
from worker.put_trace import put_transaction
from worker.verdicts import Unsent, Verdict, name

log = logging.getLogger(__name__)

_LATE = Back("claimed too long ago to be sent")

AnyClaim = MarkClaim | EditClaim
Settlement = tuple[str, int, Outcome]


@dataclass(frozen=True, slots=True)
class Way:
    """How one application's slots are sent.

    Attributes:
        ledger: where they wait.
        api: where they go.
        limits: what the API accepts.
        patience: how long to wait after failures.
        send_within_s: a claim asked for longer ago is not sent: its lease could run out before the answer.
        late_s: a claim granted longer ago is not sent: its place in the pace is gone.
        connections: PUTs side by side.
        together_s: while most connections are free, claims wait for so long for more to fall due, and answered PUTs
            for others to be settled with.
    """

    ledger: Ledger
    api: Door
    limits: Limits
    patience: Patience
    send_within_s: float
    late_s: float
    connections: int
    together_s: float = 0.0


def send_claim(way: Way, claim: AnyClaim, granted_s: float) -> Settlement:
    """Sends the PUT of a claim that was granted at `granted_s` (monotonic); answers what to settle."""
    now_s = time.monotonic()
    if now_s - claim.claimed_s > way.send_within_s or now_s - granted_s > way.late_s:
        return claim.slot, claim.generation, _LATE
    try:
        put = next_put(claim, way.limits)
        with put_transaction(way.ledger.application, claim) as answered:
            begun_s = time.monotonic()
            verdict = way.api.send(put, claim.claimed_s + way.send_within_s)
            took_ms = round((time.monotonic() - begun_s) * 1000)
            answered(verdict)
        outcome = outcome_of(verdict, put, claim, way.patience, random.random())
    except TooLateError:
        return claim.slot, claim.generation, _LATE
    except Exception as error:  # noqa: BLE001 - a bug in one slot must neither stop the others nor lose the slot
        return claim.slot, claim.generation, _bug(claim, way, error)
    report(way.ledger.application, claim, put, verdict, outcome, took_ms)
    # Where no PUT was made there is none whose time could be told.
    return claim.slot, claim.generation, outcome if isinstance(verdict, Unsent) else timed(outcome, took_ms)


def _bug(claim: AnyClaim, way: Way, error: Exception) -> Outcome:
    with sentry_sdk.new_scope() as scope:
        scope.set_tag("application", way.ledger.application)
        scope.set_tag("slot", pseudonym(claim.slot))
        sentry_sdk.capture_exception(error, scope=scope)
    events.SENDING_BUG.say(
        log, application=way.ledger.application, slot=pseudonym(claim.slot), error=type(error).__name__
    )
    delay_ms = round(way.patience.backoff_cap_s * 1000)
    return Again(f"bug: {type(error).__name__}", verdict="", delay_ms=delay_ms, costs_attempt=True, in_doubt=True)


def report(application: str, claim: AnyClaim, put: Put, verdict: Verdict, outcome: Outcome, took_ms: int) -> None:
    """One log line for every PUT that was sent; nothing private is in it."""
    if isinstance(verdict, Unsent):
        return
    event, reason = _told(outcome)
    if not log.isEnabledFor(event.level):
        return
    event.say(
        log,
        application=application,
        slot=pseudonym(claim.slot),
        verdict=name(verdict),
        outcome=type(outcome).__name__.lower(),
        ids=len(put.message_ids),
        attempt=claim.attempts + 1,
        duration_ms=took_ms,
        waited_ms=max(0, round(time.time() * 1000) - took_ms - claim.recorded_ms),
        status=verdict.status,
        request_id=verdict.request_id or None,
        reason=reason,
    )


def _told(outcome: Outcome) -> tuple[Event, str | None]:
    match outcome:
        case Dead():
            return events.SLOT_DEAD, outcome.reason
        case Again() | Back():
            return events.PUT_NOT_ACCEPTED, outcome.reason
        case Done():
            return events.PUT_ACCEPTED, None
