"""Deaths: receipts that became a dead letter. Each is an event for Flower, each kind now and then one for Sentry."""

from __future__ import annotations

from dataclasses import dataclass

import redis
import sentry_sdk

from worker.events import events
from worker.ledger import Ledger
from worker.logs.private import pseudonym
from worker.task_events import death_event

# The SDK of each worker would send one for each letter; Sentry shows one issue for each fingerprint in any case.
_NEWS_AGAIN_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Death:
    """What somebody has to know of a dead letter; nothing private is in it.

    Attributes:
        kind: tells what has to be mended: `rejected 422`, `gave up`, `poison`, `invalid` …
        reason: as the letter has it.
        slot: whose receipts they were; '' of a call that never became one.
        status: of the API's answer.
        request_id: of the API's answer.
        what: has happened.
    """

    kind: str
    reason: str
    slot: str = ""
    status: int | None = None
    request_id: str = ""
    what: str = "dead letter"


def kind_of(reason: str, status: int | None = None) -> str:
    """A reason's kind: `rejected 422` of `rejected: status 422`."""
    kind = reason.partition(":")[0]
    return kind if status is None else f"{kind} {status}"


def poison(crashes: int) -> str:
    """Why a reaped slot is dead, in the words of its letter (lua/reap.lua)."""
    return f"poison: its worker died {crashes} times"


def died_unsent(ledger: Ledger, slot: str, reason: str) -> None:
    """Receipts of a slot have died without a PUT: poison, unreadable, or no session token came."""
    events.tell(death_event(ledger.application, slot, reason))
    report_death(ledger, Death(kind_of(reason), reason, slot))


def report_death(ledger: Ledger, death: Death) -> None:
    """Tells Sentry, of all workers one, once an hour for each kind. Raises nothing: the letter stands already."""
    if not sentry_sdk.get_client().is_active() or not _is_news(ledger, death):
        return
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = [death.what, ledger.application, death.kind]
        scope.set_tag("application", ledger.application)
        scope.set_tag("kind", death.kind)
        if death.slot:
            scope.set_tag("slot", pseudonym(death.slot))
        if death.status is not None:
            scope.set_tag("status", str(death.status))
        scope.set_context("dead letter", {"reason": death.reason, "request_id": death.request_id})
        sentry_sdk.capture_message(f"{death.what}: {death.kind}", level="error", scope=scope)


def _is_news(ledger: Ledger, death: Death) -> bool:
    try:
        return ledger.is_news(f"{death.what}:{death.kind}", _NEWS_AGAIN_MS)
    except redis.RedisError:
        return True  # rather twice than never
