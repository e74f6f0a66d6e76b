"""Workers that ask the ledger and send, an API that misbehaves, receipts that arrive: one story in virtual time."""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from sandbox.faults import Fate, Faults, Misbehaviour
from tests.law.law import Law
from tests.law.ledger import Ledger, Slot
from tests.law.real_ledger import RealLedger

POLL_MS, TICK_MS = 50, 1_000  # worker/flights.py, worker/ticker.py
LATENCY_MS = (20, 120)  # from worker to API and back, evenly spread
CONNECTIONS = 16
SECOND_MS = 1_000

VERDICTS = {Fate.SERVED: "sent", Fate.THROTTLED: "throttled"}  # all else is unavailable


@dataclass(frozen=True, slots=True)
class Second:
    """What one second looked like.

    Attributes:
        at_s: Its beginning.
        offered: Receipts recorded in it, each in a slot of its own.
        limit: The law's, at its end; infinite where there is none.
        is_open: Whether the breaker was, at its end.
        waiting: Slots due or scheduled at its end.
        answers: Calls by what the API made of them, by the time of their arrival there.
    """

    at_s: int
    offered: int
    limit: float
    is_open: bool
    waiting: int
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        """How many arrived at the API."""
        return self.answers.total()


@dataclass(slots=True)
class Story:
    """What happened.

    Attributes:
        seconds: One by one.
        arrived_ms: When each call arrived at the API, in order.
        covered: The slots' numbers in the order in which their calls were accepted.
        failed: Numbers of slots one of whose calls was not accepted.
        events: The breaker's, with their times in ms.
        firsts: Calls for slots that had not failed before.
        vain_retries: Calls for slots that had, and failed again.
    """

    seconds: list[Second] = field(default_factory=list)
    arrived_ms: list[int] = field(default_factory=list)
    covered: list[int] = field(default_factory=list)
    failed: set[int] = field(default_factory=set)
    events: list[tuple[int, str]] = field(default_factory=list)
    firsts: int = 0
    vain_retries: int = 0

    def between(self, from_s: int, until_s: int) -> Counter[str]:
        """The answers of these seconds."""
        total = Counter[str]()
        for second in self.seconds[from_s:until_s]:
            total.update(second.answers)
        return total


class World:
    """Workers, ledger and API; `run` once.

    Args:
        law: The application's pace, or a ledger that has one.
        weather: (from second, what the API does then), in order, the first from 0.
        load: (from second, receipts a second then), in order, the first from 0; evenly spread by chance.
        backlog: Slots that wait when it begins.
        workers: How many ask side by side.
        seed: Of all chance.
    """

    def __init__(
        self,
        law: Law | RealLedger,
        weather: Sequence[tuple[int, Faults]],
        load: Sequence[tuple[int, float]] = ((0, 0.0),),
        *,
        backlog: int = 0,
        workers: int = 4,
        seed: int = 1,
    ) -> None:
        self._random = random.Random(seed)
        self._api = Misbehaviour(self._random.random)
        self.ledger, self.story = Ledger(law) if isinstance(law, Law) else law, Story()
        self.ledger.record(0, backlog)
        self._weather, self._load, self._offered = weather, load, 0
        self._flying, self._asks_at = [0] * workers, [0] * workers
        self._answers = Counter[str]()
        self._coming: list[tuple[int, int, Callable[[int], None]]] = []
        self._nth = count()

    def run(self, seconds: int) -> Story:
        """Let it happen, up to that second."""
        for at_s, faults in self._weather:
            self._at(at_s * SECOND_MS, lambda _, faults=faults: self._api.replace(faults))  # type: ignore[misc]
        for worker in range(len(self._flying)):
            self._ask_at(worker, worker)
        self._at(0, self._arrive_in_this_second)
        self._at(SECOND_MS, self._end_second)
        while self._coming[0][0] <= seconds * SECOND_MS:
            now, _, happens = heapq.heappop(self._coming)
            happens(now)
        return self.story

    def _at(self, at_ms: int, happens: Callable[[int], None]) -> None:
        heapq.heappush(self._coming, (at_ms, next(self._nth), happens))

    # Receipts ------------------------------------------------------------------------------------------------------

    def _arrive_in_this_second(self, now: int) -> None:
        per_s = [per_s for from_s, per_s in self._load if from_s * SECOND_MS <= now][-1]
        whole = math.floor(per_s)
        for _ in range(whole + (self._random.random() < per_s - whole)):
            self._at(now + self._random.randrange(SECOND_MS), self._record)
        self._at(now + SECOND_MS, self._arrive_in_this_second)

    def _record(self, now: int) -> None:
        self.ledger.record(now)
        self._offered += 1
        idle = [worker for worker, flying in enumerate(self._flying) if not flying]
        if idle and self.ledger.claimable_in_ms(now) == 0:
            self._ask_at(idle[0], now + 1)

    # Workers -------------------------------------------------------------------------------------------------------

    def _ask_at(self, worker: int, at_ms: int) -> None:
        self._asks_at[worker] = at_ms
        self._at(at_ms, lambda now: self._ask(worker, now))

    def _ask(self, worker: int, now: int) -> None:
        if now != self._asks_at[worker]:
            return  # it has been asked to come at another time since
        free = CONNECTIONS - self._flying[worker]
        for slot in self.ledger.claim(now, free) if free else ():
            self._send(worker, slot, now)
        wait_ms, longest_ms = self.ledger.claimable_in_ms(now), POLL_MS if self._flying[worker] else TICK_MS
        self._ask_at(worker, now + max(1, min(longest_ms, longest_ms if wait_ms is None else wait_ms)))

    def _send(self, worker: int, slot: Slot, claimed_ms: int) -> None:
        self._flying[worker] += 1
        there_ms, back_ms = (self._random.randint(*LATENCY_MS) // 2 for _ in "tb")
        self._at(claimed_ms + there_ms, lambda now: self._reach(worker, slot, claimed_ms, back_ms, now))

    def _reach(self, worker: int, slot: Slot, claimed_ms: int, back_ms: int, now: int) -> None:
        verdict = VERDICTS.get(self._api.draw(now / SECOND_MS).fate, "unavailable")
        self.story.arrived_ms.append(now)
        self._answers[verdict] += 1
        self.story.firsts += slot.attempts == 0
        self.story.vain_retries += slot.attempts > 0 and verdict == "unavailable"
        if verdict == "sent":
            self.story.covered.append(slot.number)
        else:
            self.story.failed.add(slot.number)
        self._at(now + back_ms, lambda now: self._settle(worker, slot, verdict, claimed_ms, now))

    def _settle(self, worker: int, slot: Slot, verdict: str, claimed_ms: int, now: int) -> None:
        event = self.ledger.settle(now, slot, verdict, claimed_ms, self._random.random())
        if event:
            self.story.events.append((now, event))
        self._flying[worker] -= 1
        self._ask_at(worker, now)

    def _end_second(self, now: int) -> None:
        sight = self.ledger.look(now)
        at_s, waiting = now // SECOND_MS - 1, self.ledger.waiting
        self.story.seconds.append(Second(at_s, self._offered, sight.limit, sight.is_open, waiting, self._answers))
        self._offered, self._answers = 0, Counter()
        self._at(now + SECOND_MS, self._end_second)


def busiest_second(arrived_ms: Iterable[int]) -> int:
    """The most of these times that lie within any one second."""
    times = list(arrived_ms)
    first, most = 0, 0
    for last, at_ms in enumerate(times):
        while times[first] <= at_ms - SECOND_MS:
            first += 1
        most = max(most, last - first + 1)
    return most
