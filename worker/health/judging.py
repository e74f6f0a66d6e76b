"""Judging: what a worker's looks mean, one after the other. Pure: time is an argument.

A symptom is anything that should have moved and did not. It makes the worker stuck when it lasts for `stuck_after_s`
without a break. False alarms are worse than slow finds, so nothing is a symptom while Redis or the broker does not
answer: then everything here stands still for good reasons. And time counts only as far as it was watched: after a
pause (a suspended machine, SIGSTOP, a long stop of a virtual one) everything begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from worker.health.seeing import Seen

Symptom = tuple[str, str | int]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the worker is.

    Attributes:
        live: it should go on.
        ready: it does its work now.
        why: what is amiss.
        pids: the pool's processes that are meant.
    """

    live: bool
    ready: bool
    why: str = ""
    pids: tuple[int, ...] = ()


@dataclass(slots=True)
class Judge:
    """Remembers how long what has stood still.

    Args:
        stuck_after_s: how long it may.
        every_s: how often it is asked.
    """

    stuck_after_s: float
    every_s: float
    _last: Seen | None = None
    _at_s: float = 0.0
    _lasting_s: dict[Symptom, float] = field(default_factory=dict)

    def judge(self, seen: Seen, now_s: float) -> Judgement:
        """How the worker is after this look, taken at `now_s` (monotonic)."""
        passed_s, last = now_s - self._at_s, self._last
        self._last, self._at_s = seen, now_s
        if last is None or passed_s > 4 * self.every_s:
            self._lasting_s = {}
            return Judgement(live=True, ready=False, why="not watched for a moment")
        symptoms = dict(_symptoms(last, seen))
        self._lasting_s = {each: self._lasting_s.get(each, 0.0) + passed_s for each in symptoms}
        stuck = {each: lasting_s for each, lasting_s in self._lasting_s.items() if lasting_s >= self.stuck_after_s}
        if stuck:
            longest = max(stuck, key=lambda each: stuck[each])
            pids = tuple(sorted(pid for kind, pid in stuck if kind == "process" and isinstance(pid, int)))
            return Judgement(live=False, ready=False, why=symptoms[longest], pids=pids)
        why = _not_ready(seen)
        return Judgement(live=True, ready=not why, why=why)


def _symptoms(last: Seen, seen: Seen) -> Iterator[tuple[Symptom, str]]:
    """What should have moved between two looks, with the words for it."""
    if seen.stopping or not (seen.probed.redis and seen.probed.broker):
        return
    if not seen.ticker_lives:
        yield ("ticker", ""), "the ticker's thread has died"
    elif seen.ticks is not None and seen.ticks == last.ticks:
        yield ("ticker", ""), "the ticker hangs though Redis and broker answer"
    for pid, sign_s in seen.working.items():
        if last.working.get(pid) == sign_s:
            yield ("process", pid), "a process of the pool hangs in its task"
    if seen.connection is not None and seen.connection == last.connection:
        yield from _symptoms_of_consumer(last, seen)


def _symptoms_of_consumer(last: Seen, seen: Seen) -> Iterator[tuple[Symptom, str]]:
    if seen.turns is not None and seen.turns == last.turns:
        yield ("loop", ""), "the consumer's event loop stands still though the broker answers"
    if seen.probed.waiting and seen.held == 0 and seen.messages == last.messages:
        yield ("silence", ""), "messages wait at the broker, and none is consumed"
    # Where all are at work, and alive, the task waits its turn, however long; so it does in a pool of threads.
    if len(seen.working) < seen.processes:
        for each in seen.handed & last.handed:
            yield ("task", each), "a process of the pool does not begin the task that it was given"


def _not_ready(seen: Seen) -> str:
    if seen.stopping:
        return "the worker stops"
    if seen.connection is None:
        return "not connected to the broker"
    if seen.probed.redis is False or seen.failing:
        return "Redis is not reached, or the broker refuses"
    if seen.probed.broker is False:
        return "the broker is not reached"
    return "" if seen.ticks else "the ticker has not ticked yet"
