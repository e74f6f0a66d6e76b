"""What Flower is told beside Celery's tasks, as events of tasks that nobody runs. Pure; nothing private is in them.

receipts.put      a PUT that was not accepted: RETRY where it will be sent again, FAILURE where it is a dead letter
receipts.dead     receipts that became a dead letter without a PUT: FAILURE
receipts.outage   FAILURE while calls are held, SUCCESS once they go out again; one task for each outage

A PUT that was accepted has none: a sync's own result counts them (`counted`). One task stands for one PUT, so that
their numbers are the ledger's; the sync in which it was sent is its parent.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from worker.contract import DEAD, OUTAGE, PUT
from worker.events import Event
from worker.ledger import Again, Claim, Dead, EditClaim, Outcome, Settled
from worker.logs.private import pseudonym

_NAMESPACE = uuid.UUID("6d1c9f0e-9e1b-4c6e-8a1b-5f7d3f7e2a10")


def put_event(application: str, claim: Claim, outcome: Outcome, settled: Settled, sync_id: str) -> Event | None:
    """The event of a PUT whose claim has been settled; None where it was accepted, or none was sent."""
    if not isinstance(outcome, (Again, Dead)) or not outcome.verdict:
        return None
    kind = "edit" if isinstance(claim, EditClaim) else "marks"
    shown = f"application={application} slot={pseudonym(claim.slot)} kind={kind} attempt={claim.attempts + 1}"
    fields = _fields(PUT, (application, claim.slot, claim.generation), shown)
    fields |= {"retries": claim.attempts, "root_id": sync_id, "parent_id": sync_id}
    died = settled is Settled.DIED or (isinstance(outcome, Dead) and settled is Settled.ENDED)
    return Event(
        "task-failed" if died else "task-retried", fields | {"exception": _said(application, outcome, settled)}
    )


def _said(application: str, outcome: Again | Dead, settled: Settled) -> str:
    if settled is Settled.STALE:
        return f"{outcome.reason}: it came too late, the slot had been given to another worker"
    if settled is Settled.DIED:
        return _dead_letter(application, f"gave up: {outcome.reason}")
    if isinstance(outcome, Dead):
        said = _dead_letter(application, outcome.reason)
        return f"{said} (request id {outcome.request_id})" if outcome.request_id else said
    # When depends on the pace and the breaker; a hold is the one wait that is known here.
    held = f", no calls for {outcome.hold_ms / 1000:g} s" if outcome.hold_ms else ""
    return f"{outcome.verdict}: {outcome.reason}; to be sent again{held}"


def death_event(application: str, slot: str, reason: str) -> Event:
    """The event of receipts that died without a PUT."""
    fields = _fields(DEAD, (uuid.uuid4().hex,), f"application={application} slot={pseudonym(slot)}")
    return Event("task-failed", fields | {"exception": _dead_letter(application, reason)})


def _dead_letter(application: str, reason: str) -> str:
    return f"{reason}; a dead letter: python -m worker dead list --application {application}"


def outage_events(application: str, change: str, why: str, words: str, since_ms: int) -> list[Event]:
    """The events of a breaker that has `opened`, `reopened` or `closed`."""
    fields = _fields(OUTAGE, (application, why, since_ms), f"application={application} why={why}")
    fields["received"] = since_ms / 1000 or fields["received"]
    if change == "closed":
        lasted_s = max(0.0, time.time() - since_ms / 1000)
        return [Event("task-succeeded", fields | {"result": "calls go out again", "runtime": lasted_s})]
    failed = Event("task-failed", fields | {"exception": f"calls are held, receipts are kept and joined: {words}"})
    # From SUCCESS no event leads back to FAILURE but by way of RETRY (celery.events.state: the order of states).
    return [Event("task-retried", fields), failed] if change == "reopened" else [failed]


def counted(puts: Mapping[str, Mapping[str, int]], left_out: int) -> str:
    """A sync's result: its PUTs by application and verdict, and how many events did not fit."""
    said = [
        " ".join([f"{application}:", *(f"{verdict}={n}" for verdict, n in sorted(by_verdict.items()))])
        for application, by_verdict in puts.items()
        if by_verdict
    ]
    return "; ".join([*said, *([f"events left out: {left_out}"] if left_out else [])]) or "nothing was due"


def _fields(name: str, identity: tuple[object, ...], shown: str) -> dict[str, Any]:
    task_id = str(uuid.uuid5(_NAMESPACE, ":".join(map(str, (name, *identity)))))
    return {"uuid": task_id, "name": name, "args": "()", "kwargs": shown, "received": time.time()}
