"""The ledger's share of the pace: due slots in order, the window that keeps the promise, claims (pace.lua)."""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, field

from tests.law.law import Law, Sight
from worker.backoff import full_jitter_s

WINDOW_MS = 1_000
LEASE_MS = 30_000
BACKOFF_BASE_S, BACKOFF_CAP_S = 1.0, 300.0  # as the settings have them
_NO_LIMIT = 1_000_000


def retry_delay_ms(attempts: int, random01: float) -> int:
    """As worker/acting.py has it."""
    return max(1, round(1_000 * full_jitter_s(attempts, BACKOFF_BASE_S, BACKOFF_CAP_S, random01)))


@dataclass(slots=True, order=True)
class Slot:
    """One slot with something pending or in flight.

    Attributes:
        due_ms: When it may be claimed.
        number: Its place in the order of recording.
        recorded_ms: When its receipt came.
        attempts: Failed ones in a row.
    """

    due_ms: int
    number: int
    recorded_ms: int = field(compare=False)
    attempts: int = field(default=0, compare=False)


class Ledger:
    """What waits, and how much of it may go now.

    Attributes:
        waiting: Slots with something pending.
        claimed_ms: When each call was claimed, in order.
    """

    def __init__(self, law: Law) -> None:
        self.law = law
        self.waiting = 0
        self.claimed_ms: list[int] = []
        self._due: list[Slot] = []
        self._window: deque[int] = deque()
        self._recorded = 0

    def record(self, now: int, count: int = 1) -> None:
        """So many new slots, due at once."""
        for _ in range(count):
            self._schedule(Slot(now, self._recorded, now))
            self._recorded += 1

    def claim(self, now: int, wanted: int) -> list[Slot]:
        """The longest due, at most what the pace allows."""
        sight = self.law.look(now)
        allowed = self._room(now, sight)
        claims = self._within_budget(now, self._longest_due(now, min(allowed, wanted)), sight)
        if claims:
            if sight.limit < math.inf:
                self._window.extend([now] * len(claims))
            self.claimed_ms += [now] * len(claims)
            retries = 0 if sight.is_open else sum(slot.attempts > 0 for slot in claims)
            self.law.claimed(now, len(claims) - retries, retries, LEASE_MS)
        if allowed < wanted and len(claims) == allowed and not self.law.look(now).held_ms and self._is_due(now):
            self.law.press(now)
        return claims

    def look(self, now: int) -> Sight:
        """How things stand now."""
        return self.law.look(now)

    def claimable_in_ms(self, now: int) -> int | None:
        """How long until something may be claimed; None when nothing waits."""
        if not self._due:
            return None
        sight = self.law.look(now)
        wait_ms = max(0, self._due[0].due_ms - now, sight.held_ms, sight.token_wait_ms)
        if sight.limit < math.inf and self._in_window(now) >= self._most_in_window(sight):
            wait_ms = max(wait_ms, self._window[0] + WINDOW_MS - now)
        return wait_ms

    def settle(self, now: int, slot: Slot, verdict: str, claimed_ms: int, random01: float) -> str | None:
        """The end of a claim; answers the breaker's event, if there is one."""
        event = self.law.answer(now, verdict, claimed_ms, attempts=slot.attempts)
        if verdict == "throttled":
            self._schedule(Slot(slot.recorded_ms, slot.number, slot.recorded_ms, slot.attempts))
        elif verdict == "unavailable":
            self._fail(now, slot, claimed_ms, random01)
        return event

    def _fail(self, now: int, slot: Slot, claimed_ms: int, random01: float) -> None:
        """The failures of one outage count once: what was claimed before the breaker opened keeps its place."""
        opened_ms = self.law.opened_ms
        if opened_ms is not None and claimed_ms <= opened_ms:
            return self._schedule(Slot(slot.recorded_ms, slot.number, slot.recorded_ms, slot.attempts))
        due_ms = now + retry_delay_ms(slot.attempts, random01)
        return self._schedule(Slot(due_ms, slot.number, slot.recorded_ms, slot.attempts + 1))

    def _schedule(self, slot: Slot) -> None:
        heapq.heappush(self._due, slot)
        self.waiting += 1

    def _is_due(self, now: int) -> bool:
        return bool(self._due) and self._due[0].due_ms <= now

    def _longest_due(self, now: int, most: int) -> list[Slot]:
        taken: list[Slot] = []
        while len(taken) < most and self._is_due(now):
            taken.append(heapq.heappop(self._due))
            self.waiting -= 1
        return taken

    def _within_budget(self, now: int, slots: list[Slot], sight: Sight) -> list[Slot]:
        """A slot that has failed is tried again from the retry budget; the breaker's probe may be any."""
        if sight.is_open or not any(slot.attempts for slot in slots):
            return slots
        left, claims, postponed = self.law.retries(now), [], 0
        for slot in slots:
            if slot.attempts == 0 or left >= 1:
                left -= slot.attempts > 0
                claims.append(slot)
            else:
                postponed += 1
                slot.due_ms = now + self.law.retry_wait_ms(postponed)
                self._schedule(slot)
        return claims

    def _room(self, now: int, sight: Sight) -> int:
        if sight.held_ms > 0:
            return 0
        if sight.limit == math.inf:
            return 1 if sight.is_open else _NO_LIMIT
        most = math.floor(min(self._most_in_window(sight) - self._in_window(now), sight.tokens))
        return max(0, min(1, most) if sight.is_open else most)

    def _most_in_window(self, sight: Sight) -> int:
        return math.floor(min(self.law.cap, math.ceil(sight.limit)))

    def _in_window(self, now: int) -> int:
        while self._window and self._window[0] <= now - WINDOW_MS:
            self._window.popleft()
        return len(self._window)
