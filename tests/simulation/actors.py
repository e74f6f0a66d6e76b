"""Actors: what waits and calls in the simulation, as generators that stop at every call.

A worker is one process: a ticker, its syncs and their PUTs. Its loops are told again here, without threads; every
decision in them is the product's own: `tick`, `Ledger`, `send_claim`, `outcome_of`, `ring_for`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import redis

from tests.simulation.history import AnyClaim
from tests.simulation.setup import AGAIN_MS, LEASE_MS, POLL_MS, SYNC_TIME_MS
from worker import acting, flights, ticker
from worker import sending as product
from worker.ledger import Back, Outcome
from worker.ledger.outcomes import timed
from worker.plan import Put

_EXTEND_MS = LEASE_MS * flights.EXTEND_SHARE


@dataclass(slots=True)
class Call:
    """A call to Redis; its answer comes back, or a redis.ConnectionError."""

    name: str
    make: Callable[[], Any]
    tried_again: bool = True


@dataclass(slots=True)
class Send:
    """A PUT that leaves by `start_by_s` of its worker's clock; its verdict comes back, None when it was too late."""

    claim: AnyClaim
    put: Put
    start_by_s: float


@dataclass(slots=True)
class Rest:
    """Nothing to do for so long, or until someone wakes the actor."""

    ms: float


Step = Call | Send | Rest
Steps = Generator[Step, Any, None]


@dataclass(eq=False)
class Actor:
    """One of those who take turns.

    Attributes:
        wake_ms: true time from which on it can go on.
        answer: what it goes on with; an exception is raised in it.
        resting: it waits of its own will.
        woken: it was woken while it did not rest.
        then: a step that it was about to take when it was interrupted.
    """

    name: str
    worker: Worker | None
    steps: Steps = field(repr=False)
    wake_ms: int = 0
    resting: bool = True
    woken: bool = False
    answer: Any = None
    then: Step | None = None

    def wake(self, now_ms: int) -> None:
        """It goes on now. If it sleeps by force or waits for an answer, its next rest is none: a message waits."""
        if self.resting:
            self.wake_ms = min(self.wake_ms, now_ms)
        else:
            self.woken = True


class Leaves(BaseException):
    """What `send_claim` hands to the API."""

    def __init__(self, put: Put, start_by_s: float) -> None:
        super().__init__()
        self.put = put
        self.start_by_s = start_by_s


class Door:
    """Stands where the worker expects its ChatApi."""

    def send(self, put: Put, start_by_s: float = math.inf) -> Any:
        """Takes the PUT out of the worker's code; the scheduler sends it."""
        raise Leaves(put, start_by_s)


@dataclass(eq=False)
class Worker:
    """One process.

    Attributes:
        way: what the product's code takes: ledger, API, limits, patience.
        skew_ms: how far its clock has jumped.
        slept_ms: until when its clock stood still for the last time.
        start: lets an actor of it take turns.
        staying: its sync that has nothing to send and hears wake-ups; one at a time.
    """

    name: str
    way: product.Way
    ring: Callable[[str, str], None]
    now_ms: Callable[[], int]
    random01: Callable[[], float]
    start: Callable[[Actor], None]
    skew_ms: int = 0
    slept_ms: int = 0
    syncs: int = 0
    staying: Actor | None = None

    def local_s(self) -> float:
        """Its monotonic clock."""
        return (self.now_ms() + self.skew_ms) / 1000

    def ticker(self) -> Steps:
        """Ticks for ever; as `Ticker.run`, which publishes the policy again after a failure."""
        published = False
        while True:
            try:
                if not published:
                    yield Call("publish policy", self.way.ledger.publish_policy, tried_again=False)
                    published = True
                wait_s = yield Call("tick", lambda: ticker.tick(self.way.ledger, self.ring), tried_again=False)
            except redis.ConnectionError:
                published, wait_s = False, ticker.TICK_S
            yield Rest(wait_s * 1000)

    def sync(self, permit: str, me: Actor) -> Steps:
        """One run of the sync task, as `Sync.run` and tasks/syncing.py."""
        ledger, until_s = self.way.ledger, self.local_s() + SYNC_TIME_MS / 1000
        run = SyncRun(self, me)
        try:
            while True:
                wait_ms: float | None = None
                if self.local_s() < until_s and not run.lost:
                    wait_ms = yield from run.claim(permit)
                if run.flying or (wait_ms is not None and wait_ms <= POLL_MS):
                    run.listens = False
                    yield from run.settle_finished(wait_ms)
                elif self.local_s() < until_s and run.may_stay():
                    yield from run.listen(wait_ms, until_s)
                else:
                    break
            run.leave_seat()
            yield Call("ring", lambda: ticker.ring_for(ledger, self.ring, permit))
        except redis.ConnectionError:
            pass  # the task fails; its permit runs out
        finally:
            self.syncs -= 1


@dataclass(eq=False)
class SyncRun:
    """What one sync has in flight.

    Attributes:
        lost: the ledger was not reached: nothing more is claimed.
        left: its place was taken by others.
        sent: claims that it has ended.
        listens: it has heard that it hears wake-ups, and claimed since then.
    """

    worker: Worker
    me: Actor
    flying: dict[Actor, AnyClaim] = field(default_factory=dict)
    finished: list[tuple[Actor, Outcome]] = field(default_factory=list)
    lost: bool = False
    left: bool = False
    sent: int = 0
    listens: bool = False
    extended_s: float = 0.0

    def __post_init__(self) -> None:
        self.extended_s = self.worker.local_s()

    def claim(self, permit: str) -> Generator[Step, Any, float | None]:
        """Claims as many as there are free connections; answers ms until it is worth asking again."""
        way = self.worker.way
        free = way.connections - len(self.flying)
        if free == 0:
            return POLL_MS
        try:
            claimed = yield Call("claim", lambda: way.ledger.claim(free, permit))
        except redis.ConnectionError:
            self.lost = True
            return None
        for claim in claimed.claims:
            flight = Actor(f"{self.worker.name} PUT", self.worker, _nothing())
            flight.steps = self._fly(flight, claim, self.worker.local_s())
            self.flying[flight] = claim
            self.worker.start(flight)
        self.left = claimed.leave
        return None if claimed.leave or claimed.wait_ms is None else float(claimed.wait_ms)

    def may_stay(self) -> bool:
        """Whether it waits for more, as `Sync` and `Stay`; then the seat is its own."""
        if self.sent == 0 or self.left or self.lost or self.worker.staying not in (None, self.me):
            return False
        self.worker.staying = self.me
        return True

    def listen(self, wait_ms: float | None, until_s: float) -> Steps:
        """Begins to hear wake-ups, and is to claim at once; later: waits for one."""
        if self.listens:
            left_ms = 1000 * (until_s - self.worker.local_s())
            yield Rest(min(AGAIN_MS, left_ms, AGAIN_MS if wait_ms is None else wait_ms))
        self.listens = True

    def leave_seat(self) -> None:
        """It stays no longer."""
        if self.worker.staying is self.me:
            self.worker.staying = None

    def _fly(self, flight: Actor, claim: AnyClaim, granted_s: float) -> Steps:
        """One PUT in its thread, as `send_claim`."""
        yield Rest(0)
        way = self.worker.way
        try:
            _, _, outcome = product.send_claim(way, claim, granted_s)
        except Leaves as leaves:
            verdict = yield Send(claim, leaves.put, leaves.start_by_s)
            if verdict is None:
                outcome = Back("claimed too long ago to be sent")
            else:
                outcome = timed(acting.outcome_of(verdict, leaves.put, claim, way.patience, self.worker.random01()), 0)
        self.finished.append((flight, outcome))
        self.me.wake(self.worker.now_ms())

    def settle_finished(self, wait_ms: float | None) -> Steps:
        """Settles what has come back, or waits for it; keeps the leases of the rest."""
        ledger = self.worker.way.ledger
        if not self.finished:
            yield Rest(min(POLL_MS, wait_ms) if wait_ms else POLL_MS)
        if self.finished:
            ended, self.finished = self.finished, []
            claims = [self.flying.pop(flight) for flight, _ in ended]
            self.sent += len(ended)
            settlements = [(c.slot, c.generation, outcome) for c, (_, outcome) in zip(claims, ended, strict=True)]
            try:
                yield Call("settle", lambda: ledger.settle(settlements))
            except redis.ConnectionError:
                self.lost = True
        if self.flying and self.worker.local_s() - self.extended_s >= _EXTEND_MS / 1000:
            self.extended_s = self.worker.local_s()
            flying = [(claim.slot, claim.generation) for claim in self.flying.values()]
            try:
                yield Call("extend", lambda: ledger.extend(flying))
            except redis.ConnectionError:
                self.lost = True


def _nothing() -> Steps:
    yield Rest(0)
