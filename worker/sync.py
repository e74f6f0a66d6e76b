"""Sync: claims due slots, sends their PUTs side by side, settles each; goes on while work is due and its time lasts.

What may happen twice: a PUT whose worker died before the settle. What cannot be lost: a slot is forgotten only by a
settle that follows an accepted PUT. At most one PUT of a slot is in flight: a claim that is too old to be sent within
its lease is handed back unsent.

A sync that lasts serves the other applications as well, each over connections of its own: it occupies a process that
they might be waiting for (docs/decisions/0018). So no application waits for another's calls, however many of them hang.
One that has nothing left to do may stay for what comes next (staying.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

from worker.flights import POLL_S, Flights
from worker.ledger import Ledger
from worker.sending import Way
from worker.staying import Stay

# A quiet system's syncs are over before this, and cost the other applications nothing.
_ALONE_S = 0.25

# By then it has looked after them.
LASTING_S = _ALONE_S + 2 * POLL_S

# Until another application's ledger that failed is asked again.
_TROUBLE_S = 1.0

# Per application: with very many of them each is looked after less often.
_LOOK_S = 0.005


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
        note: is told what is in flight, (slot, generation) by application, whenever that changes.
        others: the other applications' ways, each with threads of its own.
        stay: how it waits for more once it has sent something; None: it does not.
        sign_of_life: is told several times a second, or once where a sync stays, that it goes on.
        task_id: for Flower.
    """

    way: Way
    pool: Executor
    permit: str
    time_s: float
    stopping: Callable[[], bool]
    too_late: Callable[[], bool] = lambda: False
    note: Callable[[dict[str, list[tuple[str, int]]]], None] = lambda _: None
    others: Iterable[tuple[Way, Executor]] = ()
    stay: Stay | None = None
    sign_of_life: Callable[[], None] = lambda: None
    task_id: str = ""
    _own: Flights = field(init=False)
    _guests: list[Flights] = field(init=False)
    _look_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._own = Flights(self.way, self.pool, self.permit, self.task_id)
        self._guests = [Flights(way, pool, self.permit, self.task_id) for way, pool in self.others]

    def run(self) -> None:
        """Runs to the end.

        Raises:
            redis.RedisError: the ledger is lost; what is in flight is healed by its lease.
        """
        try:
            self._go_on(time.monotonic())
        finally:
            if self.stay:
                self.stay.end()
            # What is in flight is settled even when a claim has failed: the ledger may be back by then.
            while self._is_flying():
                self.sign_of_life()
                self._settle_finished(None)
                self._keep_in_time()

    @property
    def guests(self) -> list[Ledger]:
        """The other applications' ledgers in which it has asked for a place."""
        return [guest.way.ledger for guest in self._guests if guest.asked]

    @property
    def sent(self) -> int:
        """PUTs sent so far."""
        return sum(flights.sent for flights in self._all())

    @property
    def puts(self) -> dict[str, Mapping[str, int]]:
        """The API's answers so far, by application and verdict."""
        return {flights.way.ledger.application: flights.puts for flights in self._all()}

    @property
    def settled(self) -> int:
        """Claims ended so far, without those that had been taken away."""
        return sum(flights.settled for flights in self._all())

    def _go_on(self, begun_s: float) -> None:
        while True:
            self.sign_of_life()
            wait_s = self._claim(begun_s)
            if self._is_flying() or (wait_s is not None and wait_s <= POLL_S):
                self._settle_finished(wait_s)
                self._keep_in_time()
                if self.stay:
                    self.stay.is_busy()
            elif not self._stays(begun_s, wait_s):
                return

    def _stays(self, begun_s: float, wait_s: float | None) -> bool:
        """Waits for more, at most until its time is up; False where it must not."""
        left_s = begun_s + self.time_s - time.monotonic()
        # One that was rung in vain leaves the seat to one that was not.
        may_stay = self.sent > 0 and not self._own.left and not self.stopping() and left_s > 0
        if not (may_stay and self.stay and self.stay.begin()):
            return False
        self.stay.listen(left_s if wait_s is None else min(left_s, wait_s))
        return True

    def _claim(self, begun_s: float) -> float | None:
        """Claims for everyone whose turn it is; answers seconds until it is worth asking again."""
        waits_s, before = [], self._holds()
        for flights in self._turns(time.monotonic() - begun_s):
            wait_s = None
            with self._harmless(flights):
                wait_s = flights.claim()
            if wait_s is not None:
                waits_s.append(wait_s)
            self._look_again(flights, self._until_next_look_s(wait_s))
        if self._holds() > before:
            self.note(self._held())
        return min(waits_s, default=None)

    def _turns(self, lasted_s: float) -> list[Flights]:
        """Who is served now.

        When the time is up and calls still hang, so does this process: those that are quick are served on, for
        nobody else may be free to do so. The slow ones are not, or it would never end.
        """
        if self.stopping():
            return []
        now_s = time.monotonic()
        looked_after = [guest for guest in self._guests if now_s >= self._look_s.get(guest.way.ledger.application, 0)]
        turns = [self._own, *(looked_after if lasted_s >= _ALONE_S else ())]
        if lasted_s < self.time_s:
            return turns
        hangs = any(flights.slow and flights.flying for flights in self._all())
        return [flights for flights in turns if hangs and not flights.slow]

    def _until_next_look_s(self, wait_s: float | None) -> float:
        least_s = _LOOK_S * len(self._guests)
        return max(least_s, min(POLL_S, POLL_S if wait_s is None else wait_s))

    def _settle_finished(self, wait_s: float | None) -> None:
        flying = [future for flights in self._all() for future in flights.flying]
        if not flying:
            time.sleep(wait_s or 0)
            return
        timeout_s = min(POLL_S, wait_s) if wait_s else POLL_S
        # One settle for many costs Redis and us a fraction of one for each (docs/decisions/0041).
        gathers_s = min(flights.settles_in_s() for flights in self._all() if flights.flying)
        if gathers_s > 0:
            _, unanswered = wait(flying, min(gathers_s, timeout_s))
            if unanswered and gathers_s > timeout_s:
                return  # somebody's turn to claim comes first
            timeout_s = max(0.0, timeout_s - gathers_s)
        finished, _ = wait(flying, timeout_s, FIRST_COMPLETED)
        if not finished:
            return
        for flights in self._all():
            with self._harmless(flights):
                flights.settle(finished)
        self.note(self._held())

    def _keep_in_time(self) -> None:
        too_late = self.too_late()
        for flights in self._all():
            with self._harmless(flights):
                flights.keep_in_time(too_late=too_late)

    @contextmanager
    def _harmless(self, flights: Flights) -> Iterator[None]:
        """A ledger of another application that fails ends neither this sync nor the others' part in it.

        Nothing is said of it: each worker's ticker meets the same ledger, and says it once.
        """
        try:
            yield
        except redis.RedisError:
            if flights is self._own:
                raise
            self._look_again(flights, _TROUBLE_S)

    def _look_again(self, flights: Flights, after_s: float) -> None:
        name = flights.way.ledger.application
        self._look_s[name] = max(self._look_s.get(name, 0), time.monotonic() + after_s)

    def _all(self) -> list[Flights]:
        return [self._own, *self._guests]

    def _is_flying(self) -> bool:
        return any(flights.flying for flights in self._all())

    def _holds(self) -> int:
        return sum(len(flights.flying) for flights in self._all())

    def _held(self) -> dict[str, list[tuple[str, int]]]:
        return {flights.way.ledger.application: flights.held() for flights in self._all() if flights.flying}
