"""Flights: at most one PUT of a slot is under way, and each claim is ended by its own holder."""

from __future__ import annotations

from tests.simulation.beside import BrokenPromiseError
from tests.simulation.history import Claimed, Ended, RolledBack, Sent, Settled
from tests.simulation.reading import Reading


def one_in_flight(reading: Reading) -> None:
    """At most one PUT of a slot is under way."""
    under_way: dict[str, int] = {}
    for event in reading.events:
        if isinstance(event, Sent) and not reading.is_exempt(event):
            slot = event.claim.slot
            if slot in under_way:
                raise BrokenPromiseError("one in flight", f"PUTs {under_way[slot]} and {event.number} of {slot}")
            under_way[slot] = event.number
        elif isinstance(event, Ended):
            slot = reading.sent[event.number][1].claim.slot
            if under_way.get(slot) == event.number:
                del under_way[slot]


def own_settles(reading: Reading) -> None:
    """A claim is ended by nobody but its holder: also when Redis has forgotten that there was another one."""
    current: dict[str, int] = {}
    saved: dict[int, dict[str, int]] = {}
    saved_at = {event.to for event in reading.events if isinstance(event, RolledBack)}
    for at, event in enumerate(reading.events):
        if at in saved_at:
            saved[at] = dict(current)
        if isinstance(event, RolledBack):
            current = saved[event.to]
        elif isinstance(event, Claimed):
            current[event.claim.slot] = at
        elif isinstance(event, Settled) and event.accepted and current.get(event.slot) != event.of_claim:
            raise BrokenPromiseError("own settles", f"{event.slot} was settled by a claim that is not its own")
