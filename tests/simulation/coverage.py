"""Coverage: every receipt is covered by a PUT that was sent after it was recorded, or dead."""

from __future__ import annotations

from collections import defaultdict

from tests.simulation.beside import BrokenPromiseError
from tests.simulation.halves import Unit
from tests.simulation.history import Sent
from tests.simulation.reading import Reading


def coverage(reading: Reading) -> None:
    """Every receipt is covered by a PUT that was sent after it was recorded, or dead."""
    puts: dict[str, list[tuple[int, int, Sent]]] = defaultdict(list)
    for applied_at, number in reading.applied:
        at, sent = reading.sent[number]
        puts[sent.claim.slot].append((applied_at, at, sent))
    dead = {id(unit) for unit in reading.dead}
    for unit in reading.units:
        if unit.at in reading.lost or id(unit) in dead:
            continue
        covers = _edit_covers if unit.is_edit else _mark_covers
        if not covers(reading, unit, puts[unit.slot]):
            raise BrokenPromiseError("coverage", f"{unit} is neither covered nor dead")


def _mark_covers(reading: Reading, unit: Unit, puts: list[tuple[int, int, Sent]]) -> bool:
    # Once a mark that names a message is covered, that message is covered for good.
    named_at = min(
        (each.at for each in reading.units if unit.name and (each.slot, each.flag, each.name) == unit.named),
        default=unit.at,
    )
    for _, at, sent in puts:
        if unit.flag not in sent.put.flags:
            continue
        if sent.put.message_ids:
            if unit.listed and unit.name in sent.put.message_ids and at > unit.at:
                return True
        elif at > named_at:
            return True
    return False


def _edit_covers(reading: Reading, unit: Unit, puts: list[tuple[int, int, Sent]]) -> bool:
    """At some moment after its recording the API held its text, or that of an edit that wins over it.

    What nobody can prevent does not count: a PUT that was asleep on its way, or whose claim Redis has lost, may have
    put an older text over it meanwhile.
    """
    winners = [each for each in reading.units if each.slot == unit.slot and each.rank >= unit.rank]
    return any(_held_since(reading, max(unit.at, winner.at), winner.text, puts) for winner in winners)


def _held_since(reading: Reading, moment: int, text: str, puts: list[tuple[int, int, Sent]]) -> bool:
    """Whether the API held a text at that moment or later, but for what may have come over it."""
    held = False
    for applied_at, _, sent in puts:
        held = sent.put.text == text or (held and (applied_at > moment or reading.is_exempt(sent)))
        if held and applied_at > moment:
            return True
    return held
