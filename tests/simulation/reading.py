"""A history, read once: which events Redis has lost, what was recorded, sent, applied and died."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tests.simulation.halves import Halves, Unit
from tests.simulation.history import Applied, Claimed, History, Recorded, RolledBack, Sent


@dataclass
class Reading:
    """What the promises ask of one history.

    Attributes:
        lost: the events that Redis has lost, by index.
        units: what was recorded.
        sent: PUTs by number, with their event's index.
        applied: (index of the event, number of the PUT).
        lost_claims: (slot, generation) of each claim that Redis has lost.
    """

    history: History

    def __post_init__(self) -> None:
        self.events = self.history.events
        self.lost = self._lost_events()
        self.units = list(self._units())
        self.sent = {event.number: (at, event) for at, event in enumerate(self.events) if isinstance(event, Sent)}
        self.applied = [(at, event.number) for at, event in enumerate(self.events) if isinstance(event, Applied)]
        self.lost_claims = {
            (event.claim.slot, event.claim.generation)
            for at, event in enumerate(self.events)
            if at in self.lost and isinstance(event, Claimed)
        }

    def _lost_events(self) -> frozenset[int]:
        return frozenset(
            index
            for at, event in enumerate(self.events)
            if isinstance(event, RolledBack)
            for index in range(event.to, at)
        )

    def _units(self) -> Iterator[Unit]:
        arrival = 0
        for at, event in enumerate(self.events):
            for receipt in event.receipts if isinstance(event, Recorded) else ():
                arrival += 1
                yield from Unit.of(receipt, at, arrival)

    def is_exempt(self, sent: Sent) -> bool:
        """Whether a PUT is excused from the order and from "one in flight"."""
        return sent.excused or (sent.claim.slot, sent.claim.generation) in self.lost_claims

    @cached_property
    def dead(self) -> list[Unit]:
        """What stands among the dead letters."""
        return Halves(self.units).dead_of(self.events)
