"""Flights: what one application has in flight in one running sync: claimed, sent side by side, settled, kept in time.

Each application has connections of its own, so one whose calls hang takes nobody else's.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Collection
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from worker.deaths import Death, died_unsent, kind_of, report_death
from worker.events import events
from worker.ledger import Again, Dead, Done, Outcome, Settled
from worker.logs import events as log_events
from worker.logs.private import pseudonym
from worker.sending import AnyClaim, Settlement, Way, send_claim
from worker.task_events import put_event

log = logging.getLogger(__name__)

# Newly due slots join a running sync this soon; a doorbell for each would cost more than asking.
POLL_S = 0.05

# A call that takes longer than this makes its application slow, for as long as the sync lasts.
SLOW_S = 1.0

# Of a lease; several tries fit into one.
EXTEND_SHARE = 0.25


@dataclass(slots=True)
class Flights:
    """One application's part in a sync.

    Args:
        way: how its slots are sent.
        pool: threads for its PUTs; at least `way.connections`.
        permit: its place among the application's syncs, kept by every claim; '' for a run without.
        sync_id: the sync's task, for Flower.
    """

    way: Way
    pool: Executor
    permit: str
    sync_id: str = ""
    sent: int = 0
    settled: int = 0
    puts: Counter[str] = field(default_factory=Counter)
    slow: bool = False
    asked: bool = False
    left: bool = False
    flying: dict[Future[Settlement], tuple[AnyClaim, float]] = field(default_factory=dict)
    _claimed_s: float = 0.0
    _settled_s: float = 0.0
    _extended_s: float = field(default_factory=time.monotonic)

    def claim(self) -> float | None:
        """Claims as many as there are free connections; answers seconds until it is worth asking again, None: never.

        Raises:
            redis.RedisError: the ledger is lost.
        """
        free = self.way.connections - len(self.flying)
        if free == 0:
            return POLL_S
        early_s = self._early_s(self._claimed_s)
        if early_s > 0:
            return early_s
        self._claimed_s = time.monotonic()
        self.asked = True
        claimed = self.way.ledger.claim(free, self.permit)
        for stopped in claimed.stopped:
            if stopped.dead:
                ledger, slot = self.way.ledger, pseudonym(stopped.slot)
                log_events.SLOT_DIED_UNSENT.say(log, application=ledger.application, slot=slot, reason=stopped.why)
                died_unsent(ledger, stopped.slot, stopped.why)
        for claim in claimed.claims:
            granted_s = time.monotonic()
            self.flying[self.pool.submit(send_claim, self.way, claim, granted_s)] = (claim, granted_s)
        if len(claimed.claims) == free:
            self._claimed_s = 0.0  # more may be due: a backlog is not made to wait
        self.left = claimed.leave
        if claimed.leave or claimed.wait_ms is None:
            return None
        return claimed.wait_ms / 1000

    def settles_in_s(self) -> float:
        """For how long what is answered may wait for more to be settled with it."""
        return self._early_s(self._settled_s)

    def _early_s(self, since_s: float) -> float:
        """What is left of the time for which claims, or settles, are gathered; none where connections run short."""
        if 2 * len(self.flying) >= self.way.connections:
            return 0.0
        return max(0.0, since_s + self.way.together_s - time.monotonic())

    def settle(self, finished: Collection[Future[Settlement]]) -> None:
        """Settles those of the finished that are its own."""
        mine = [(self.flying.pop(future)[0], future.result()) for future in finished if future in self.flying]
        if not mine:
            return
        self._settled_s = time.monotonic()
        fates = self.way.ledger.settle([settlement for _, settlement in mine])
        self.settled += sum(map(bool, fates))
        self.sent += len(mine)
        for (claim, (_, _, outcome)), fate in zip(mine, fates, strict=True):
            self._tell(claim, outcome, fate)

    def _tell(self, claim: AnyClaim, outcome: Outcome, fate: Settled) -> None:
        """After the settle: what people are told holds up no receipt."""
        if isinstance(outcome, Done):
            self.puts["sent"] += 1
            return
        ledger = self.way.ledger
        if isinstance(outcome, (Again, Dead)) and outcome.verdict:
            self.puts[outcome.verdict] += 1
        event = put_event(ledger.application, claim, outcome, fate, self.sync_id)
        if event:
            events.tell(event)
        if isinstance(outcome, Dead) and fate:
            kind = kind_of(outcome.reason, outcome.status)
            report_death(ledger, Death(kind, outcome.reason, claim.slot, outcome.status, outcome.request_id))
        elif isinstance(outcome, Again) and fate is Settled.DIED:
            report_death(ledger, Death("gave up", f"gave up: {outcome.reason}", claim.slot))

    def keep_in_time(self, *, too_late: bool) -> None:
        """Ends requests that drip, and keeps the slots of those that end late all the same."""
        if not self.flying:
            return
        if too_late:
            self.way.api.end_all()
        else:
            self.way.api.end_overdue()
        now_s = time.monotonic()
        self.slow = self.slow or now_s - min(granted_s for _, granted_s in self.flying.values()) > SLOW_S
        if now_s - self._extended_s >= self.way.ledger.lease_ms / 1000 * EXTEND_SHARE:
            self._extended_s = now_s
            self.way.ledger.extend(self.held())

    def held(self) -> list[tuple[str, int]]:
        """Slot and generation of each claim in flight."""
        return [(claim.slot, claim.generation) for claim, _ in self.flying.values()]
