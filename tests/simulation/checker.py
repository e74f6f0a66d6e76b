"""The checker: reads a history and says which promise was broken.

After Redis has lost its last writes some things cannot be promised, and only these are left out:
- receipts that were recorded within the lost writes, and what their edits had said at the API;
- PUTs whose claim was lost: Redis knows nothing of them, so they may overlap with others and land late;
- claims that were lost do not count for the rate: so does the token bucket forget them.
A worker that slept between its last look at the clock and the socket sends whatever it held: such PUTs are excused from
the order and from "one in flight". An edit that was absorbed because the API held its text counts as covered although a
PUT excused here, or one whose claim was lost, had just replaced it: the ledger cannot know. Nothing else is excused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulation.beside import BrokenPromiseError
from tests.simulation.halves import Halves, Unit
from tests.simulation.history import Applied, Claimed, Ended, History, Recorded, RolledBack, Sent, Settled
from tests.simulation.setup import SEND_WITHIN_MS
from worker.ledger import Again, EditClaim

_SECOND_MS = 1_000
# In calm weather a PUT waits for the others' answers and for the next poll, beside its gather time.
_CALM_SLACK_MS = 800


def check(history: History) -> None:
    """Raises BrokenPromiseError where a promise was broken."""
    Check(history).all()


@dataclass
class Check:
    """One history, read once and asked several times."""

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

    def all(self) -> None:
        """Every promise."""
        self.one_in_flight()
        self.own_settles()
        self.edit_order()
        self.rate()
        self.hold()
        self.wait()
        if not self.history.drained:
            raise BrokenPromiseError("liveness", "something still waits after a quiet time that is long enough")
        self.coverage()

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

    # one in flight ---------------------------------------------------------------------------------------------------

    def one_in_flight(self) -> None:
        """At most one PUT of a slot is under way."""
        under_way: dict[str, int] = {}
        for event in self.events:
            if isinstance(event, Sent) and not self._is_exempt(event):
                slot = event.claim.slot
                if slot in under_way:
                    raise BrokenPromiseError("one in flight", f"PUTs {under_way[slot]} and {event.number} of {slot}")
                under_way[slot] = event.number
            elif isinstance(event, Ended):
                slot = self.sent[event.number][1].claim.slot
                if under_way.get(slot) == event.number:
                    del under_way[slot]

    def own_settles(self) -> None:
        """A claim is ended by nobody but its holder: also when Redis has forgotten that there was another one."""
        current: dict[str, int] = {}
        saved: dict[int, dict[str, int]] = {}
        saved_at = {event.to for event in self.events if isinstance(event, RolledBack)}
        for at, event in enumerate(self.events):
            if at in saved_at:
                saved[at] = dict(current)
            if isinstance(event, RolledBack):
                current = saved[event.to]
            elif isinstance(event, Claimed):
                current[event.claim.slot] = at
            elif isinstance(event, Settled) and event.accepted and current.get(event.slot) != event.of_claim:
                raise BrokenPromiseError("own settles", f"{event.slot} was settled by a claim that is not its own")

    def _is_exempt(self, sent: Sent) -> bool:
        return sent.excused or (sent.claim.slot, sent.claim.generation) in self.lost_claims

    # edits -----------------------------------------------------------------------------------------------------------

    def edit_order(self) -> None:
        """What the API holds of a message never goes back to an older edit."""
        died = {unit.rank for unit in self.dead}
        highest: dict[str, tuple[tuple[int, int], Sent]] = {}
        for _, number in self.applied:
            at, sent = self.sent[number]
            if not isinstance(sent.claim, EditClaim):
                continue
            rank, slot = self.rank(at, sent.claim), sent.claim.slot
            before = highest.get(slot)
            older = before and rank < before[0] and sent.put.text != before[1].put.text
            if before and older and not self._is_exempt(sent):
                raise BrokenPromiseError(
                    "edit order", f"PUT {number} brought {slot} back behind PUT {before[1].number}"
                )
            # An edit that stands among the dead letters may all the same have been applied; older ones are sent then.
            counts = rank not in died and not self._was_lost(rank)
            if counts and (before is None or rank > before[0]):
                highest[slot] = (rank, sent)

    def rank(self, at: int, claim: EditClaim) -> tuple[int, int]:
        """(revision, arrival) of a claimed edit: its newest receipt with this revision and text."""
        ranks = [
            unit.rank
            for unit in self.units
            if unit.slot == claim.slot and unit.at < at and (unit.rank[0], unit.text) == (claim.revision, claim.text)
        ]
        if not ranks:
            raise BrokenPromiseError("edit order", f"nobody recorded {claim.text!r} with revision {claim.revision}")
        return max(ranks)

    def _was_lost(self, rank: tuple[int, int]) -> bool:
        return any(unit.rank == rank and unit.at in self.lost for unit in self.units if unit.is_edit)

    # coverage --------------------------------------------------------------------------------------------------------

    @property
    def dead(self) -> list[Unit]:
        """What stands among the dead letters."""
        if not hasattr(self, "_dead"):
            self._dead = Halves(self.units).dead_of(self.events)
        return self._dead

    def coverage(self) -> None:
        """Every receipt is covered by a PUT that was sent after it was recorded, or dead."""
        puts: dict[str, list[tuple[int, int, Sent]]] = defaultdict(list)
        for applied_at, number in self.applied:
            at, sent = self.sent[number]
            puts[sent.claim.slot].append((applied_at, at, sent))
        dead = {id(unit) for unit in self.dead}
        for unit in self.units:
            if unit.at in self.lost or id(unit) in dead:
                continue
            covers = self._edit_covers if unit.is_edit else self._mark_covers
            if not covers(unit, puts[unit.slot]):
                raise BrokenPromiseError("coverage", f"{unit} is neither covered nor dead")

    def _mark_covers(self, unit: Unit, puts: list[tuple[int, int, Sent]]) -> bool:
        # Once a mark that names a message is covered, that message is covered for good.
        named_at = min(
            (each.at for each in self.units if unit.name and (each.slot, each.flag, each.name) == unit.named),
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

    def _edit_covers(self, unit: Unit, puts: list[tuple[int, int, Sent]]) -> bool:
        """At some moment after its recording the API held its text, or that of an edit that wins over it."""
        winners = [each for each in self.units if each.slot == unit.slot and each.rank >= unit.rank]
        known = [put for put in puts if not self._is_exempt(put[2])]
        return any(
            winner.text in _held_since(max(unit.at, winner.at), applied)
            for winner in winners
            for applied in (puts, known)
        )

    # time ------------------------------------------------------------------------------------------------------------

    def rate(self) -> None:
        """Never above the rate, over any second: of claims exactly, of PUTs but for the delay that a claim may have."""
        rate = self.history.setup.rate_per_s
        if not rate:
            return
        claims = [
            event.at_ms for at, event in enumerate(self.events) if isinstance(event, Claimed) and at not in self.lost
        ]
        _at_most(rate, claims, "claims")
        puts = [sent.at_ms for _, sent in self.sent.values() if not self._is_exempt(sent)]
        _at_most(int(1 + rate * (1 + SEND_WITHIN_MS / _SECOND_MS)), puts, "PUTs")

    def hold(self) -> None:
        """While the application holds, because the API asked for that, nothing is claimed."""
        until_ms = 0
        for at, event in enumerate(self.events):
            if at in self.lost:
                continue
            if isinstance(event, Claimed) and event.at_ms < until_ms:
                raise BrokenPromiseError(
                    "hold", f"{event.claim.slot} was claimed {until_ms - event.at_ms} ms too early"
                )
            if isinstance(event, Settled) and event.accepted and isinstance(event.outcome, Again):
                # One that escalates may be left out: it follows from calls that were under way when another began.
                until_ms = max(until_ms, event.at_ms + (not event.outcome.escalates) * event.outcome.hold_ms)

    def wait(self) -> None:
        """In calm weather and under the rate a receipt's PUT starts within the gather time."""
        setup = self.history.setup
        if not setup.calm or setup.rate_per_s:
            return
        known: set[tuple[str, int]] = set()
        for event in self.events:
            if not isinstance(event, Claimed) or (event.claim.slot, event.claim.recorded_ms) in known:
                continue  # the rest of a claim that needs several PUTs
            known.add((event.claim.slot, event.claim.recorded_ms))
            waited_ms = event.at_ms - event.claim.recorded_ms
            if waited_ms > setup.gather_max_ms + _CALM_SLACK_MS:
                raise BrokenPromiseError("wait", f"{event.claim.slot} was claimed after {waited_ms} ms")


def _held_since(moment: int, puts: list[tuple[int, int, Sent]]) -> set[str | None]:
    """The texts that the API held at that moment or later."""
    held: list[str | None] = []
    for applied_at, _, sent in puts:
        held = [*(held if applied_at > moment else []), sent.put.text]
    return set(held)


def _at_most(n: int, times: list[int], what: str) -> None:
    for first, last in zip(times, times[n:], strict=False):
        if last - first < _SECOND_MS:
            raise BrokenPromiseError("rate", f"{n + 1} {what} within {last - first} ms, {n} are allowed")
