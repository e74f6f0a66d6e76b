"""The chat API of the simulation: answers as the weather has it, and applies what it applies, at once or late."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass

from tests.simulation.decisions import Decisions
from tests.simulation.receipts import TOKENS
from tests.simulation.setup import DEADLINE_MS, LANDS_MS
from worker.verdicts import Rejected, Sent, Throttled, Unauthorized, Unavailable, Verdict


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one PUT.

    Attributes:
        name: for the counts and the story.
        verdict: what its worker makes of the answer.
        after_ms: when the worker has it.
        applied_ms: when the API applies it; None for never. Both counted from the sending.
    """

    name: str
    verdict: Verdict
    after_ms: int
    applied_ms: int | None = None


_LATE_MS = DEADLINE_MS + LANDS_MS - 50
FINE = (Fate("sent", Sent(), 5, 2), Fate("sent", Sent(), 40, 2), Fate("sent", Sent(), 160, 150))
REFUSED = Fate("unauthorized", Unauthorized("refused"), 5)
SLOW = Fate("slow", Sent(), DEADLINE_MS - 10, 5)
BAD = (
    SLOW,
    Fate("throttled", Throttled(None), 5),
    Fate("throttled", Throttled(0.2), 5),
    Fate("status 503", Unavailable("status 503"), 5),
    Fate("status 502, applied", Unavailable("status 502"), 30, 20),
    Fate("status 502, applied late", Unavailable("status 502"), 30, 30 + LANDS_MS - 50),
    Fate("refused", Unavailable("no answer: ConnectionError", in_doubt=False), 2),
    Fate("reset, applied", Unavailable("no answer: ConnectionError"), 20, 10),
    Fate("timeout", Unavailable("no answer: ReadTimeout"), DEADLINE_MS),
    Fate("timeout, applied", Unavailable("no answer: ReadTimeout"), DEADLINE_MS, 10),
    Fate("timeout, applied late", Unavailable("no answer: ReadTimeout"), DEADLINE_MS, _LATE_MS),
    Fate("timeout, applied late", Unavailable("no answer: ReadTimeout"), DEADLINE_MS, _LATE_MS),
    Fate("rejected", Rejected(400, "no", ""), 5),
    *4 * (REFUSED,),
)


class Chat:
    """The API: what is still to happen in it.

    Attributes:
        counts: PUTs by fate.
    """

    def __init__(self, draw: Decisions, bad_answer_one_in: int) -> None:
        self._draw = draw
        self._bad_one_in = bad_answer_one_in
        self._ended_sessions: set[str] = set()
        self._to_come: list[tuple[int, int, str]] = []
        self.counts: Counter[str] = Counter()

    def take(self, number: int, now_ms: int, token: str | None) -> Fate:
        """A PUT has arrived. A session that was refused once always is, and sometimes all of the user's with it."""
        fate = REFUSED if token in self._ended_sessions else self._draw_fate()
        if fate is REFUSED and token:
            self._ended_sessions.update({token}, TOKENS if self._draw.below(2) else ())
        self.counts[fate.name] += 1
        if fate.applied_ms is not None:
            heapq.heappush(self._to_come, (now_ms + fate.applied_ms, number, "applied"))
        heapq.heappush(self._to_come, (now_ms + fate.after_ms, number, "ended"))
        return fate

    def _draw_fate(self) -> Fate:
        return self._draw.one_of(BAD if self._draw.once_in(self._bad_one_in) else FINE)

    def quieten(self) -> None:
        """From now on it only does what it should."""
        self._bad_one_in = 0

    def next_ms(self) -> int | None:
        """When something happens in it next."""
        return self._to_come[0][0] if self._to_come else None

    def pop(self, now_ms: int) -> tuple[int, int, str] | None:
        """What has happened by now, one at a time: (when, the PUT's number, "applied" or "ended")."""
        if self._to_come and self._to_come[0][0] <= now_ms:
            return heapq.heappop(self._to_come)
        return None
