"""How long each receipt waited for its PUT: the producers' own log against the sandbox's journal. Pure.

A receipt is covered by the first accepted PUT of its slot that arrived after the recording began and carries its kind;
of an edit, its revision or a higher one. (A few milliseconds of generosity: the ledger knows a receipt a little after
its recording began.) Some need none: a second device that repeats a mark which is covered already, and an edit that is
older than one already sent.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

from demo.puts import Put, Slot, slot_of
from traffic.arrivals import Arrival


@dataclass(frozen=True, slots=True)
class Recording:
    """A receipt that a producer has recorded; `began_s` in unix seconds is when it began to."""

    arrival: Arrival
    began_s: float


@dataclass(frozen=True, slots=True)
class Wait:
    """From the beginning of a recording (unix seconds) to the arrival of the PUT that covered it."""

    began_s: float
    wait_s: float


@dataclass(slots=True)
class Waits:
    """What became of all recordings.

    Attributes:
        covered: Those that waited for a PUT.
        needless: How many needed none.
        uncovered: Those that needed one and got none.
    """

    covered: list[Wait] = field(default_factory=list)
    needless: int = 0
    uncovered: list[Recording] = field(default_factory=list)

    def quantile_s(self, share: float, before_s: float = float("inf")) -> float:
        """The wait that this share of the receipts did not exceed, of those recorded before that unix second."""
        return quantile([wait.wait_s for wait in self.covered if wait.began_s < before_s], share)


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that is not below `share` of all of them; nan of none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else float("nan")


def find_waits(recordings: Iterable[Recording], puts: Iterable[Put]) -> Waits:
    """Find the PUT of every recording."""
    recorded, sent = defaultdict(list), defaultdict(list)
    for recording in recordings:
        recorded[slot_of(recording.arrival)].append(recording)
    for put in puts:
        if put.accepted:
            sent[put.slot].append(put)
    waits = Waits()
    for slot, of_slot in recorded.items():
        in_order = sorted(of_slot, key=lambda recording: recording.began_s)
        _find_in_slot(slot, in_order, sorted(sent[slot], key=lambda put: put.arrived_s), waits)
    return waits


def _find_in_slot(slot: Slot, recordings: Sequence[Recording], puts: Sequence[Put], waits: Waits) -> None:
    streams = _edit_streams(recordings, puts) if slot.kind == "edit" else _mark_streams(recordings, puts)
    for recording, name, times_s in streams:
        _find(recording, name, times_s, waits)


Stream = tuple[Recording, list[float] | None, list[float]]


def _mark_streams(recordings: Sequence[Recording], puts: Sequence[Put]) -> Iterable[Stream]:
    """Each mark with the times of PUTs of its kind, and when its message was covered for good."""
    times_s = {kind: [put.arrived_s for put in puts if kind in put.carries] for kind in ("read", "delivered")}
    for_good: dict[tuple[str, str], list[float]] = {}
    for recording in recordings:
        kind, message = recording.arrival.kind, recording.arrival.message
        yield recording, for_good.get((kind, message)), times_s[kind]
        if (kind, message) not in for_good:
            at = bisect_left(times_s[kind], recording.began_s)
            for_good[kind, message] = times_s[kind][at : at + 1]


def _edit_streams(recordings: Sequence[Recording], puts: Sequence[Put]) -> Iterable[Stream]:
    """Each edit with the times of PUTs of its revision or a higher one, which also cover it for good."""
    revisions = {recording.arrival.text: recording.arrival.revision for recording in recordings}
    for recording in recordings:
        least = recording.arrival.revision
        times_s = [put.arrived_s for put in puts if revisions.get(put.text, -1) >= least]
        yield recording, times_s[:1], times_s


def _find(recording: Recording, for_good: list[float] | None, times_s: list[float], waits: Waits) -> None:
    if for_good and for_good[0] < recording.began_s:
        waits.needless += 1
        return
    at = bisect_left(times_s, recording.began_s)
    if at == len(times_s):
        waits.uncovered.append(recording)
    else:
        waits.covered.append(Wait(recording.began_s, times_s[at] - recording.began_s))
