"""Processes: who takes part. Workers start, answer doorbells, are stopped and die; a supervisor starts new ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.actors import Actor, Door, Rest, Steps, Worker
from tests.simulation.chronicle import Chronicle
from tests.simulation.decisions import Decisions
from tests.simulation.setup import LATE_MS, MARGIN_MS, SEND_WITHIN_MS, Setup
from tests.simulation.store import Store
from tests.simulation.watched import Faults, WatchedLedger
from worker.acting import Patience
from worker.sending import Way

_SYNCS_PER_WORKER = 2
_PATIENCE = Patience(backoff_base_s=0.2, backoff_cap_s=0.5, retry_after_max_s=0.5, unauthorized_hold_s=0.3)


@dataclass(eq=False)
class Processes:
    """Those of one schedule.

    Attributes:
        planned: the fault that the next call to Redis meets.
        ring: sends a doorbell.
        actors: all who take turns.
    """

    store: Store
    setup: Setup
    draw: Decisions
    chronicle: Chronicle
    planned: Faults
    ring: Callable[[str, str], None]
    actors: list[Actor] = field(default_factory=list)
    _workers: list[Worker] = field(default_factory=list)
    _tickers: dict[Worker, Actor] = field(default_factory=dict)
    _named: int = 0

    def start(self, actor: Actor) -> None:
        """From now on it takes turns."""
        actor.wake_ms = self.chronicle.now_ms
        self.actors.append(actor)

    def start_worker(self) -> None:
        """One more, and its ticker."""
        self._named += 1
        worker = Worker(
            f"worker {self._named}",
            self._way(),
            self.ring,
            lambda: self.chronicle.now_ms,
            lambda: self.draw.below(8) / 8,
            self.start,
        )
        self._workers.append(worker)
        ticking = Actor(f"{worker.name} ticker", worker, worker.ticker())
        self._tickers[worker] = ticking
        self.start(ticking)

    def _way(self) -> Way:
        return Way(
            ledger=WatchedLedger(self.store, self.setup, self.planned, self.chronicle),
            api=Door(),  # type: ignore[arg-type]  # as much of a ChatApi as is used
            limits=self.setup.limits,
            patience=_PATIENCE,
            send_within_s=SEND_WITHIN_MS / 1000,
            late_s=(LATE_MS if self.setup.rate_per_s else MARGIN_MS) / 1000,
            connections=self.setup.connections,
        )

    def only_tick(self) -> bool:
        """Whether nobody is left but the tickers."""
        return len(self.actors) == len(self._tickers)

    def tickers(self) -> list[Actor]:
        """Those who hear a wake-up, and ring."""
        return list(self._tickers.values())

    def staying(self) -> list[Actor]:
        """Those who hear a wake-up, and claim."""
        return [worker.staying for worker in self._workers if worker.staying]

    def free(self) -> list[Worker]:
        """The workers that can answer a doorbell."""
        return [each for each in self._workers if each.syncs < _SYNCS_PER_WORKER]

    def answer(self, permit: str) -> None:
        """A free worker answers a doorbell."""
        worker = self.draw.one_of(self.free())
        worker.syncs += 1
        actor = Actor(f"{worker.name} sync", worker, iter(()))  # type: ignore[arg-type]  # its steps need itself
        actor.steps = worker.sync(permit, actor)
        self.start(actor)

    def sleep(self, actor: Actor, for_ms: int, fault: str) -> None:
        """The whole process stops (SIGSTOP), or with it the machine and its clock."""
        now_ms = self.chronicle.now_ms
        for other in [each for each in self.actors if each is actor or (actor.worker and each.worker is actor.worker)]:
            other.wake_ms = max(other.wake_ms, now_ms + for_ms)
            other.resting = False
        if actor.worker and fault == "suspend":
            actor.worker.skew_ms -= for_ms
            actor.worker.slept_ms = now_ms + for_ms

    def die(self, actor: Actor) -> None:
        """The process of this actor is gone; a worker is started again after a while."""
        self.chronicle.tell(f"{actor.name}  dies")
        if actor.worker is None:
            self.actors.remove(actor)
            actor.steps.close()
            return
        dead = actor.worker
        self.actors = [each for each in self.actors if each.worker is not dead]
        self._workers.remove(dead)
        del self._tickers[dead]
        self.start(Actor("supervisor", None, self._restart(self.draw.one_of((50, 300, 1_000)))))

    def _restart(self, after_ms: int) -> Steps:
        yield Rest(after_ms)
        self.start_worker()
