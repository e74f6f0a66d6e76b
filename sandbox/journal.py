"""What the chat API was asked, call by call, noted at arrival.

A call that hangs or is reset is therefore visible, with no status. The newest calls are kept, in a ring; header lines
repeat from call to call and are kept once.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.counts import Counts

KEPT_CALLS = 1_000_000
KEPT_HEADER_LINES = 50_000

HeaderLine = tuple[str, str]


@dataclass(slots=True, eq=False)
class Entry:
    """One call.

    Attributes:
        seq: Its number in order of arrival, from 1, never used again.
        arrived: Unix seconds.
        ended: Unix seconds; None while it is open.
        query: The raw query string.
        headers: Its header lines, names in lower case.
        body: As it came; empty until it has been read.
        status: What was answered; None for a call that hung, was reset or left before its answer.
        applied: Whether it was a PUT, POST or DELETE whose meaning was carried out.
        applied_at: When, in unix seconds; None unless it was.
        user_id: The acting user, once known.
    """

    seq: int
    arrived: float
    method: str
    path: str
    query: str
    headers: tuple[HeaderLine, ...]
    body: bytes = b""
    ended: float | None = None
    status: int | None = None
    applied: bool = False
    applied_at: float | None = None
    user_id: int | None = None

    def document(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {
            "seq": self.seq,
            "arrived": self.arrived,
            "ended": self.ended,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": dict(self.headers),
            "body": self.body.decode("utf-8", "replace"),
            "status": self.status,
            "applied": self.applied,
            "applied_at": self.applied_at,
            "user_id": self.user_id,
        }


class Journal:
    """The newest calls, their counts, and a way to wait for them.

    Args:
        kept: How many calls are kept.
        clock: Tells the unix time in seconds.
    """

    def __init__(self, kept: int = KEPT_CALLS, clock: Callable[[], float] = time.time) -> None:
        self._kept = kept
        self._clock = clock
        self._ring: list[Entry] = []
        self._cleared_at = 0
        self._header_lines: dict[tuple[bytes, bytes], HeaderLine] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self.last_seq = 0
        self.counts = Counts()

    def arrive(self, method: str, path: str, query: str, headers: list[tuple[bytes, bytes]]) -> Entry:
        """Note a call at its arrival."""
        self.last_seq += 1
        entry = Entry(self.last_seq, self._clock(), method, path, query, self._lines(headers))
        place = (entry.seq - self._cleared_at - 1) % self._kept
        if place == len(self._ring):
            self._ring.append(entry)
        else:
            self._ring[place] = entry
        self.counts.arrived(method, time.monotonic())
        self._tell()
        return entry

    def now(self) -> float:
        """Return the journal's time: unix seconds."""
        return self._clock()

    def end(self, entry: Entry) -> None:
        """Note that a call is over, whatever became of it."""
        entry.ended = self._clock()
        self.counts.ended(entry.status, of_this_count=entry.seq > self._cleared_at)
        self._tell()

    def after(self, seq: int, limit: int) -> list[Entry]:
        """Return at most `limit` kept calls that arrived after the one with that number, oldest first."""
        first = max(seq, self._cleared_at, self.last_seq - self._kept) + 1
        numbers = range(first, min(self.last_seq, first + limit - 1) + 1)
        return [self._ring[(number - self._cleared_at - 1) % self._kept] for number in numbers]

    def clear(self) -> None:
        """Forget all calls and counts; numbers go on, and open calls stay open."""
        self._ring.clear()
        self._cleared_at = self.last_seq
        self.counts = Counts(open=self.counts.open)

    async def wait_until(self, holds: Callable[[], bool], longest_s: float) -> bool:
        """Wait for calls to arrive or end.

        Args:
            holds: What is waited for; asked again whenever a call arrived or ended.
            longest_s: When to give up.

        Returns:
            Whether it holds now.
        """
        if holds() or not longest_s:
            return holds()
        try:
            async with asyncio.timeout(longest_s):
                while not holds():
                    await self._change()
        except TimeoutError:
            return holds()
        return True

    def _change(self) -> asyncio.Future[None]:
        change = asyncio.get_running_loop().create_future()
        self._waiting.append(change)
        return change

    def _tell(self) -> None:
        if self._waiting:
            for change in self._waiting:
                if not change.done():
                    change.set_result(None)
            self._waiting.clear()

    def _lines(self, headers: list[tuple[bytes, bytes]]) -> tuple[HeaderLine, ...]:
        if len(self._header_lines) > KEPT_HEADER_LINES:
            self._header_lines.clear()
        return tuple(self._read_lines(headers))

    def _read_lines(self, headers: list[tuple[bytes, bytes]]) -> Iterator[HeaderLine]:
        known = self._header_lines
        for raw in headers:
            line = known.get(raw)
            if line is None:
                line = known[raw] = (raw[0].decode("latin-1").lower(), raw[1].decode("latin-1"))
            yield line
