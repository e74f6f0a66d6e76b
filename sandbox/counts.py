"""Counting calls: totals, answers by status, and the busiest second."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

WINDOW_S = 1.0


class BusiestSecond:
    """The most events that fell within any one second (half open, at any offset)."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque()
        self.peak = 0

    def add(self, at_s: float) -> None:
        """Count an event; times never go back."""
        self._recent.append(at_s)
        while self._recent[0] <= at_s - WINDOW_S:
            self._recent.popleft()
        self.peak = max(self.peak, len(self._recent))


@dataclass(slots=True)
class Counts:
    """What happened since the journal was last cleared.

    Attributes:
        open: Calls without an end so far; those from before the clearing included.
        calls: Calls that arrived.
        puts: PUTs among them.
        applied: PUTs, POSTs and DELETEs whose meaning was carried out.
        by_status: Ended calls by status; "none" are those that hung, were reset or left.
        peak: Arrivals within any one second.
        peak_accepted: Arrivals within any one second that no fault kept from being carried out.
    """

    open: int = 0
    calls: int = 0
    puts: int = 0
    applied: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    peak: BusiestSecond = field(default_factory=BusiestSecond)
    peak_accepted: BusiestSecond = field(default_factory=BusiestSecond)

    def arrived(self, method: str, at_s: float) -> None:
        """Count an arrival at that monotonic time."""
        self.open += 1
        self.calls += 1
        self.puts += method == "PUT"
        self.peak.add(at_s)

    def ended(self, status: int | None, *, of_this_count: bool) -> None:
        """Count an end; of a call that arrived before the last clearing, only that it is open no more."""
        self.open -= 1
        if of_this_count:
            self.by_status[str(status or "none")] += 1

    def as_document(self) -> dict[str, Any]:
        """Return the counts as JSON knows them; `cpu_s` is the processor time of this process so far."""
        return {
            "calls": self.calls,
            "puts": self.puts,
            "applied": self.applied,
            "by_status": dict(self.by_status),
            "peak_per_s": self.peak.peak,
            "peak_accepted_per_s": self.peak_accepted.peak,
            "open": self.open,
            "cpu_s": time.process_time(),
        }
