"""Flights: what one application has in flight in one running sync: claimed, sent side by side, settled, kept in time.

Each application has connections of its own, so one whose calls hang takes nobody else's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from worker.logs import events
from worker.logs.private import pseudonym
from worker.sending import AnyClaim, Settlement, Way, send_claim

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
    """

    way: Way
    pool: Executor
    permit: str
    sent: int = 0
    settled: int = 0
    slow: bool = False
    asked: bool = False
    left: bool = False
    flying: dict[Future[Settlement], tuple[AnyClaim, float]] = field(default_factory=dict)
    _extended_s: float = field(default_factory=time.monotonic)

    def claim(self) -> float | None:
        """Claims as many as there are free connections; answers seconds until it is worth asking again, None: never.

        Raises:
            redis.RedisError: the ledger is lost.
        """
        free = self.way.connections - len(self.flying)
        if free == 0:
            return POLL_S
        self.asked = True
        claimed = self.way.ledger.claim(free, self.permit)
        for stopped in claimed.stopped:
            if stopped.dead:
                application = self.way.ledger.application
                events.TOKEN_NEVER_CAME.say(log, application=application, slot=pseudonym(stopped.slot))
        for claim in claimed.claims:
            granted_s = time.monotonic()
            self.flying[self.pool.submit(send_claim, self.way, claim, granted_s)] = (claim, granted_s)
        self.left = claimed.leave
        if claimed.leave or claimed.wait_ms is None:
            return None
        return claimed.wait_ms / 1000

    def settle(self, finished: Collection[Future[Settlement]]) -> None:
        """Settles those of the finished that are its own."""
        mine = [future for future in finished if self.flying.pop(future, None)]
        if mine:
            self.settled += sum(self.way.ledger.settle([future.result() for future in mine]))
            self.sent += len(mine)

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
