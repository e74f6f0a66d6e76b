"""The worker's ledger, watched: between the product's code and Redis stand the faults, and someone who writes down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import redis

from tests.simulation.setup import LEASE_MS, PERMIT_MS, Setup
from tests.simulation.store import Breaker, Store
from worker.ledger import Claimed, Ledger, Outcome, Reaped, RingSize, Rung, Settled

APPLICATION = "sim"


class WorkerDied(BaseException):
    """The process is gone at this very point."""


class Watcher(Protocol):
    """Who is told what the ledger did; the breaker's state is that before a claim, and that after a settle."""

    def claimed(
        self, claimed: Claimed, breaker: Breaker | None, failing_since: Callable[[str], int | None]
    ) -> None: ...
    def settled(
        self, settlements: Sequence[tuple[str, int, Outcome]], accepted: Sequence[bool], breaker: Breaker | None
    ) -> None: ...
    def reaped(self, reaped: Sequence[Reaped]) -> None: ...


class Faults:
    """The fault that the next call to Redis meets.

    Attributes:
        planned: "die before", "die after", "refused" or "answer lost"; "" for none.
        after: so many calls go well before it.
    """

    def __init__(self) -> None:
        self.planned = ""
        self.after = 0

    def before(self) -> None:
        """Nothing has reached Redis yet."""
        if not self.planned:
            return
        if self.after:
            self.after -= 1
        elif self.planned == "die before":
            raise WorkerDied
        elif self.planned == "refused":
            raise redis.ConnectionError

    def done(self) -> None:
        """Redis has done it."""
        if self.planned and not self.after:
            planned, self.planned = self.planned, ""
            if planned == "die after":
                raise WorkerDied
            raise redis.ConnectionError


class WatchedLedger(Ledger):
    """As the product's; every method meets its fault and is watched."""

    def __init__(self, store: Store, setup: Setup, faults: Faults, watcher: Watcher) -> None:
        super().__init__(
            store,  # type: ignore[arg-type]  # as much of a client as it needs
            APPLICATION,
            policy=setup.policy,
            lease_ms=LEASE_MS,
            size=RingSize(setup.syncs_max, PERMIT_MS, setup.connections),
        )
        self._faults = faults
        self._watcher = watcher
        self._failing_since = partial(store.failing_since, APPLICATION)
        self._breaker = partial(store.breaker, APPLICATION) if setup.has_breaker else lambda: None

    def publish_policy(self) -> None:
        self._faults.before()
        super().publish_policy()
        self._faults.done()

    def claim(self, most: int, permit: str = "") -> Claimed:
        self._faults.before()
        breaker = self._breaker()
        claimed = super().claim(most, permit)
        self._watcher.claimed(claimed, breaker, self._failing_since)
        self._faults.done()
        return claimed

    def settle(self, settlements: Sequence[tuple[str, int, Outcome]]) -> list[Settled]:
        self._faults.before()
        accepted = super().settle(settlements)
        self._watcher.settled(settlements, [bool(each) for each in accepted], self._breaker())
        self._faults.done()
        return accepted

    def extend(self, claims: Sequence[tuple[str, int]]) -> list[bool]:
        self._faults.before()
        ours = super().extend(claims)
        self._faults.done()
        return ours

    def reap(self) -> list[Reaped]:
        self._faults.before()
        reaped = super().reap()
        self._watcher.reaped(reaped)
        self._faults.done()
        return reaped

    def ring(self, returned_permit: str = "") -> Rung:
        self._faults.before()
        rung = super().ring(returned_permit)
        self._faults.done()
        return rung
