"""Sync: claims due slots, sends their PUTs side by side, settles each; goes on while work is due and its time lasts.

What may happen twice: a PUT whose worker died before the settle. What cannot be lost: a slot is forgotten only by a
settle that follows an accepted PUT. At most one PUT of a slot is in flight: a claim that is too old to be sent within
its lease is handed back unsent.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field

import sentry_sdk

from worker.acting import Patience, outcome_of
from worker.chat_api import ChatApi
from worker.deadline import TooLateError
from worker.ledger import Again, Back, Dead, EditClaim, Ledger, MarkClaim, Outcome
from worker.observability import pseudonym
from worker.plan import Limits, Put, next_put
from worker.verdicts import Sent, Verdict, name

log = logging.getLogger(__name__)

# Newly due slots join a running sync this soon; a doorbell for each would cost more than asking.
_POLL_S = 0.05

# Of a lease; several tries fit into one.
_EXTEND_SHARE = 0.25

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
    """

    ledger: Ledger
    api: ChatApi
    limits: Limits
    patience: Patience
    send_within_s: float
    late_s: float
    connections: int


@dataclass(slots=True)
class Sync:
    """One run of a sync task.

    Args:
        way: how its application's slots are sent.
        pool: threads for the PUTs; at least `way.connections`.
        permit: the doorbell's permit, kept alive by every claim; '' for a run without.
        time_s: how long it goes on claiming.
        stopping: says whether the worker wants to stop; then nothing more is claimed.
        too_late: says whether requests under way must end now, so that their slots are handed back in time.
        note: is told what is in flight, as (slot, generation), whenever that changes.
    """

    way: Way
    pool: Executor
    permit: str
    time_s: float
    stopping: Callable[[], bool]
    too_late: Callable[[], bool] = lambda: False
    note: Callable[[list[tuple[str, int]]], None] = lambda _: None
    sent: int = 0
    settled: int = 0
    _extended_s: float = field(default_factory=time.monotonic)
    _flying: dict[Future[Settlement], AnyClaim] = field(default_factory=dict)

    def run(self) -> None:
        """Runs to the end.

        Raises:
            redis.RedisError: the ledger is lost; what is in flight is healed by its lease.
        """
        try:
            self._go_on(time.monotonic() + self.time_s)
        finally:
            # What is in flight is settled even when a claim has failed: the ledger may be back by then.
            while self._flying:
                self._settle_finished(None)
                self._keep_in_time()

    def _go_on(self, until_s: float) -> None:
        while True:
            wait_s = self._claim() if time.monotonic() < until_s and not self.stopping() else None
            if not self._flying and (wait_s is None or wait_s > _POLL_S):
                return
            self._settle_finished(wait_s)
            self._keep_in_time()

    def _claim(self) -> float | None:
        """Claims as many as there are free connections; answers seconds until it is worth asking again."""
        free = self.way.connections - len(self._flying)
        if free == 0:
            return _POLL_S
        claimed = self.way.ledger.claim(free, self.permit)
        for stopped in claimed.stopped:
            if stopped.dead:
                log.warning(
                    "dead, no newer session token came: application=%s slot=%s",
                    self.way.ledger.application,
                    pseudonym(stopped.slot),
                )
        for claim in claimed.claims:
            self._flying[self.pool.submit(send_claim, self.way, claim, time.monotonic())] = claim
        if claimed.claims:
            self.note(self._held())
        if claimed.leave or claimed.wait_ms is None:
            return None
        return claimed.wait_ms / 1000

    def _settle_finished(self, wait_s: float | None) -> None:
        if not self._flying:
            time.sleep(wait_s or 0)
            return
        timeout_s = min(_POLL_S, wait_s) if wait_s else _POLL_S
        finished, _ = wait(self._flying, timeout_s, FIRST_COMPLETED)
        if not finished:
            return
        for future in finished:
            del self._flying[future]
        settlements = [future.result() for future in finished]
        self.settled += sum(self.way.ledger.settle(settlements))
        self.sent += len(settlements)
        self.note(self._held())

    def _keep_in_time(self) -> None:
        """Ends requests that drip, and keeps the slots of those that end late all the same."""
        if self.too_late():
            self.way.api.end_all()
        else:
            self.way.api.end_overdue()
        if time.monotonic() - self._extended_s < self.way.ledger.lease_ms / 1000 * _EXTEND_SHARE:
            return
        self._extended_s = time.monotonic()
        if self._flying:
            self.way.ledger.extend(self._held())

    def _held(self) -> list[tuple[str, int]]:
        return [(claim.slot, claim.generation) for claim in self._flying.values()]


def send_claim(way: Way, claim: AnyClaim, granted_s: float) -> Settlement:
    """Sends the PUT of a claim that was granted at `granted_s` (monotonic); answers what to settle."""
    now_s = time.monotonic()
    if now_s - claim.claimed_s > way.send_within_s or now_s - granted_s > way.late_s:
        return claim.slot, claim.generation, _LATE
    try:
        put = next_put(claim, way.limits)
        verdict = way.api.send(put, claim.claimed_s + way.send_within_s)
        outcome = outcome_of(verdict, put, claim, way.patience, random.random())
    except TooLateError:
        return claim.slot, claim.generation, _LATE
    except Exception as error:  # noqa: BLE001 - a bug in one slot must neither stop the others nor lose the slot
        return claim.slot, claim.generation, _bug(claim, way, error)
    report(way.ledger.application, claim, put, verdict, outcome)
    return claim.slot, claim.generation, outcome


def _bug(claim: AnyClaim, way: Way, error: Exception) -> Outcome:
    sentry_sdk.capture_exception(error)
    log.warning("bug while sending slot %s: %s", pseudonym(claim.slot), type(error).__name__)
    delay_ms = round(way.patience.backoff_cap_s * 1000)
    return Again(f"bug: {type(error).__name__}", verdict="", delay_ms=delay_ms, costs_attempt=True, in_doubt=True)


def report(application: str, claim: AnyClaim, put: Put, verdict: Verdict, outcome: Outcome) -> None:
    """One log line for every PUT that was not accepted; nothing private is in it."""
    if isinstance(verdict, Sent):
        return
    log.warning(
        "PUT not accepted: application=%s slot=%s verdict=%s outcome=%s ids=%d attempt=%d reason=%r",
        application,
        pseudonym(claim.slot),
        name(verdict),
        type(outcome).__name__.lower(),
        len(put.message_ids),
        claim.attempts + 1,
        outcome.reason if isinstance(outcome, (Again, Dead)) else "",
    )
