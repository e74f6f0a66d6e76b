"""Edit order: what the API holds of a message never goes back to an older edit."""

from __future__ import annotations

from tests.simulation.beside import BrokenPromiseError
from tests.simulation.history import Sent
from tests.simulation.reading import Reading
from worker.ledger import EditClaim


def edit_order(reading: Reading) -> None:
    """What the API holds of a message never goes back to an older edit."""
    died = {unit.rank for unit in reading.dead}
    highest: dict[str, tuple[tuple[int, int], Sent]] = {}
    for _, number in reading.applied:
        at, sent = reading.sent[number]
        if not isinstance(sent.claim, EditClaim):
            continue
        rank, slot = _rank(reading, at, sent.claim), sent.claim.slot
        before = highest.get(slot)
        older = before and rank < before[0] and sent.put.text != before[1].put.text
        if before and older and not reading.is_exempt(sent):
            raise BrokenPromiseError("edit order", f"PUT {number} brought {slot} back behind PUT {before[1].number}")
        # An edit that stands among the dead letters may all the same have been applied; older ones are sent then.
        counts = rank not in died and not _was_lost(reading, rank)
        if counts and (before is None or rank > before[0]):
            highest[slot] = (rank, sent)


def _rank(reading: Reading, at: int, claim: EditClaim) -> tuple[int, int]:
    """(revision, arrival) of a claimed edit: its newest receipt with this revision and text."""
    ranks = [
        unit.rank
        for unit in reading.units
        if unit.slot == claim.slot and unit.at < at and (unit.rank[0], unit.text) == (claim.revision, claim.text)
    ]
    if not ranks:
        raise BrokenPromiseError("edit order", f"nobody recorded {claim.text!r} with revision {claim.revision}")
    return max(ranks)


def _was_lost(reading: Reading, rank: tuple[int, int]) -> bool:
    return any(unit.rank == rank and unit.at in reading.lost for unit in reading.units if unit.is_edit)
