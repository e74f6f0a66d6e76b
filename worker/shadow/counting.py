"""PUTs for one gather time. Pure: notes in the order of their times go in, PUTs, waits and the busiest second come out.

It follows the ledger's rules where nothing is in the way: no rate, no failure, every slot sent when it is due. A slot
is due when its first receipt has gathered, and no sooner than the longest gather time after its last PUT; a mark that
names a covered message costs nothing; read and delivered travel together, listed messages in lists. Two edits count as
two texts, for texts are not noted.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

from worker.plan import Limits
from worker.shadow.notes import DELIVERED, EDIT, READ, Note

_SECOND_S = 1.0
_NAMES_MAX = 8  # receipt_sync/join.py
_FORGET_EVERY = 100_000


@dataclass(frozen=True, slots=True)
class Gather:
    """A gather time: `least_s` for what comes alone, `most_s` after the slot's last PUT. Both alike: a fixed one."""

    least_s: float
    most_s: float


@dataclass(slots=True)
class _Slot:
    first_s: float | None = None
    last_put_s: float = float("-inf")
    edited: bool = False
    waiting: int = 0
    whole: dict[str, set[str]] = field(default_factory=dict)
    listed: dict[str, set[str]] = field(default_factory=dict)
    covered: dict[str, list[str]] = field(default_factory=lambda: {READ: [], DELIVERED: []})


class Count:
    """Counts for one gather time.

    Attributes:
        receipts: taken so far; `absorbed` of them needed no PUT, and `waiting` ones still gather.
        puts: sent so far.
        longest_s: the longest wait of a receipt.
        busiest: most PUTs within a second.
    """

    def __init__(self, gather: Gather, limits: Limits, remember_s: float = float("inf")) -> None:
        self.gather = gather
        self.receipts = self.absorbed = self.waiting = self.puts = self.busiest = 0
        self.longest_s = 0.0
        self._limits, self._remember_s = limits, remember_s
        self._slots: dict[str, _Slot] = {}
        self._due: list[tuple[float, int, str]] = []
        self._order = count()
        self._second: deque[float] = deque()

    @property
    def saved(self) -> float:
        """The share of calls saved, where each receipt was a call; of those that do not wait any more."""
        done = self.receipts - self.waiting
        return 1 - self.puts / done if done else 0.0

    def take(self, notes: Iterable[Note]) -> None:
        """Takes notes, each no earlier than the one before."""
        for note in notes:
            self.advance(note.t_s)
            self._take(note)
            if self.receipts % _FORGET_EVERY == 0:
                self._forget(note.t_s)

    def advance(self, now_s: float) -> None:
        """Sends what was due before; what is due just now still takes what comes now."""
        while self._due and self._due[0][0] < now_s:
            due_s, _, slot = heapq.heappop(self._due)
            self._send(self._slots[slot], due_s)

    def end(self) -> None:
        """Nothing more comes: sends what is left, when it is due."""
        self.advance(float("inf"))

    def _take(self, note: Note) -> None:
        self.receipts += note.receipts
        slot = self._slots.setdefault(note.slot, _Slot())
        waits = self._join(slot, note)
        self.absorbed += note.receipts - waits
        self.waiting += waits
        slot.waiting += waits
        if waits and slot.first_s is None:
            slot.first_s = note.t_s
            due_s = max(note.t_s + self.gather.least_s, slot.last_put_s + self.gather.most_s)
            heapq.heappush(self._due, (due_s, next(self._order), note.slot))

    def _join(self, slot: _Slot, note: Note) -> int:
        """Joins it in, and answers how many receipts of it need a PUT."""
        if note.kind == EDIT:
            slot.edited = True
            return 1
        covered = slot.covered[note.kind]
        if note.ids:
            waiting = [id_ for id_ in note.ids if id_ not in covered]
            for id_ in waiting:
                slot.listed.setdefault(id_, set()).add(note.kind)
            return len(waiting)
        if note.name and note.name in covered:
            return 0
        slot.whole.setdefault(note.kind, set()).update({note.name} if note.name else ())
        return 1

    def _send(self, slot: _Slot, at_s: float) -> None:
        puts = 1 if slot.edited else self._whole(slot) + self._lists(slot)
        self.puts += puts
        self.longest_s = max(self.longest_s, at_s - (at_s if slot.first_s is None else slot.first_s))
        self._second.extend([at_s] * puts)
        while self._second and self._second[0] <= at_s - _SECOND_S:
            self._second.popleft()
        self.busiest = max(self.busiest, len(self._second))
        for kind, names in slot.whole.items():
            slot.covered[kind] = sorted({*slot.covered[kind], *names})[-_NAMES_MAX:]
        self.waiting -= slot.waiting
        slot.first_s, slot.last_put_s, slot.edited, slot.waiting = None, at_s, False, 0
        slot.whole.clear()
        slot.listed.clear()

    def _whole(self, slot: _Slot) -> int:
        return min(1, len(slot.whole)) if self._limits.both_flags else len(slot.whole)

    def _lists(self, slot: _Slot) -> int:
        """PUTs that name messages; a mark of the whole dialog has taken in those of its flag."""
        groups: dict[str, int] = {}
        for kinds in slot.listed.values():
            left = sorted(kinds - slot.whole.keys())
            for group in ["".join(left)] if self._limits.both_flags else left:
                groups[group] = groups.get(group, 0) + 1
        groups.pop("", None)
        return sum(-(-n // self._limits.list_max_ids) for n in groups.values())

    def _forget(self, now_s: float) -> None:
        """What has been at rest for long: room must not grow with time."""
        rested = [name for name, slot in self._slots.items() if slot.last_put_s + self._remember_s < now_s]
        for name in rested:
            if self._slots[name].first_s is None:
                del self._slots[name]
