"""Which receipts a slot holds, followed through a history by name and not by count: only so can one say who died."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from receipt_sync import EditMessage, Receipt
from tests.simulation.history import Claimed, Event, Reaped, Recorded, RolledBack, Settled, Stopped
from worker.ledger import Dead, Done, Part


@dataclass(frozen=True, slots=True)
class Unit:
    """One receipt as the accounts count it: a mark that lists three messages is three.

    Attributes:
        at: index of the event in which it was recorded.
        flag: "r", "d", or "" for an edit.
        name: the message that a mark names or lists; "" for none.
        listed: it marks that message alone, not the dialog up to it.
        rank: of an edit: (revision, arrival).
    """

    slot: str
    at: int
    flag: str = ""
    name: str = ""
    listed: bool = False
    rank: tuple[int, int] = (0, 0)
    text: str = ""

    @classmethod
    def of(cls, receipt: Receipt, at: int, arrival: int) -> Iterator[Unit]:
        """Those of one receipt."""
        if isinstance(receipt, EditMessage):
            slot = receipt.wire(0)[1]
            yield cls(slot, at, rank=(receipt.revision or 0, arrival), text=receipt.text)
            return
        kind, slot, _, name, ids, _ = receipt.wire()
        if not ids:
            yield cls(slot, at, kind, name)
        for id_ in ids.split(",") if ids else ():
            yield cls(slot, at, kind, id_, listed=True)

    @property
    def is_edit(self) -> bool:
        """Whether it is an edit."""
        return not self.flag

    @property
    def named(self) -> tuple[str, str, str]:
        """What makes marks of the same message the same."""
        return self.slot, self.flag, self.name


Held = dict[str, list[Unit]]


class Halves:
    """The pending and the in-flight half of every slot, as lists of receipts."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._recorded: dict[int, list[Unit]] = defaultdict(list)
        for unit in units:
            self._recorded[unit.at].append(unit)
        self._pending: Held = defaultdict(list)
        self._flying: Held = defaultdict(list)
        self._dead: list[Unit] = []

    def dead_of(self, events: Sequence[Event]) -> list[Unit]:
        """Plays the events; answers what is dead in the end."""
        saved_at = {event.to for event in events if isinstance(event, RolledBack)}
        for at, event in enumerate(events):
            if at in saved_at:
                saved = (_copy(self._pending), _copy(self._flying), list(self._dead))
            if isinstance(event, RolledBack):
                self._pending, self._flying, self._dead = saved
            else:
                self._play(at, event)
        return self._dead

    def _play(self, at: int, event: Event) -> None:
        match event:
            case Recorded():
                for unit in self._recorded[at]:
                    self._pending[unit.slot].append(unit)
            case Claimed(claim=claim):
                self._flying[claim.slot] = self._pending.pop(claim.slot, [])
            case Settled(slot=slot, outcome=outcome, accepted=True, dead=dead):
                part = outcome.part if isinstance(outcome, (Done, Dead)) else None
                carried, rest = _split(self._flying.pop(slot, []), part)
                if dead:
                    self._dead += carried
                if isinstance(outcome, (Done, Dead)) or dead:
                    self._pending[slot] += rest
                else:
                    self._pending[slot] += carried + rest
            case Stopped(slot=slot, dead=dead):
                self._take_back(slot, self._pending.pop(slot, []), dead)
            case Reaped(slot=slot, dead=dead):
                self._take_back(slot, self._flying.pop(slot, []), dead)

    def _take_back(self, slot: str, held: list[Unit], dead: int) -> None:
        if dead:
            self._dead += held
        else:
            self._pending[slot] += held


def _split(units: list[Unit], part: Part | None) -> tuple[list[Unit], list[Unit]]:
    """What a PUT carried of a half, and the rest; None: everything."""
    if part is None:
        return units, []
    whole = {unit.flag for unit in units if not unit.listed}
    carried = [unit for unit in units if unit.is_edit or _is_carried(unit, part, whole)]
    return carried, [unit for unit in units if unit not in carried]


def _is_carried(unit: Unit, part: Part, whole: set[str]) -> bool:
    if unit.flag not in part.flags:
        return False
    # A mark of the whole dialog absorbs those of single messages.
    return unit.name in part.ids if part.ids else not unit.listed or unit.flag in whole


def _copy(held: Held) -> Held:
    return defaultdict(list, {slot: list(units) for slot, units in held.items()})
