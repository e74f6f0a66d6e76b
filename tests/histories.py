"""Histories: what can happen to a ledger, as values, so that the model and the real one live through the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from receipt_sync import Receipt
from receipt_sync.join import EditHalf
from tests.model import Model, Policy, Slot, mark_of
from tests.slot_state import LedgerState
from worker.ledger import Dead, Done, EditClaim, MarkClaim, Outcome
from worker.plan import Limits, Put, plan

AnyClaim = MarkClaim | EditClaim
LATER_MS = 3_600_000
LIMITS = Limits(list_max_ids=50, both_flags=True)


@dataclass(frozen=True)
class Record:
    """Receipts recorded in one call."""

    receipts: tuple[Receipt, ...]


@dataclass(frozen=True)
class Claim:
    """At most so many due slots are claimed."""

    most: int = 100


@dataclass(frozen=True)
class Settle:
    """A claim of the history, counted from 0, ends; "done" and "dead" for the first PUT of its plan.

    Attributes:
        claim: taken modulo the claims there have been, so that any number means one of them.
        ending: an outcome, or one that hangs on what the PUT carried.
    """

    claim: int
    ending: Literal["done", "dead"] | Outcome = "done"


@dataclass(frozen=True)
class Reap:
    """All leases run out, and what they held is taken back."""


@dataclass(frozen=True)
class ComeDue:
    """Time passes: whatever waits is due."""


Step = Record | Claim | Settle | Reap | ComeDue


class AnyLedger(Protocol):
    """What a history can be played on."""

    def record(self, receipts: Sequence[Receipt]) -> None: ...
    def claim(self, most: int) -> list[AnyClaim]: ...
    def settle(self, slot: str, generation: int, outcome: Outcome) -> bool: ...
    def reap(self) -> Mapping[str, tuple[int, bool]]: ...
    def come_due(self) -> None: ...
    def state(self, slots: Iterable[str]) -> LedgerState: ...


class ModelLedger:
    """The model, played with a clock that goes on by 1 ms with every step."""

    def __init__(self) -> None:
        self.model = Model(Policy())
        self._now_ms = 0

    def record(self, receipts: Sequence[Receipt]) -> None:
        self.model.record(receipts, self._tick())

    def claim(self, most: int) -> list[AnyClaim]:
        now_ms = self._tick()
        for name in [name for name, due_ms in self.model.due_ms.items() if due_ms <= now_ms]:
            if self.model.is_stopped(self.model.slots[name]):
                self.model.stop(name, now_ms)
        longest_due = sorted(self.model.claimable(now_ms), key=lambda name: (self.model.due_ms[name], name))
        return [claim_of(self.model.claim(name, now_ms)) for name in longest_due[:most]]

    def settle(self, slot: str, generation: int, outcome: Outcome) -> bool:
        settled = self.model.settle(slot, generation, outcome, self._tick())
        self.model.end_settles()
        return settled

    def reap(self) -> Mapping[str, tuple[int, bool]]:
        return self.model.reap(self._tick())

    def come_due(self) -> None:
        self.model.due_ms = dict.fromkeys(self.model.due_ms, 0)

    def state(self, slots: Iterable[str]) -> LedgerState:  # noqa: ARG002 - the model always says everything
        return self.model.state()

    def _tick(self) -> int:
        self._now_ms += 1
        return self._now_ms


def play(ledger: AnyLedger, history: Iterable[Step]) -> list[Put]:
    """Plays a history; answers the first PUT of every claim's plan, in the order of the claims."""
    claims: list[AnyClaim] = []
    for step in history:
        match step:
            case Record(receipts):
                ledger.record(receipts)
            case Claim(most):
                claims += ledger.claim(most)
            case Settle(claim, ending):
                ledger.settle(*settlement(claims[claim], ending))
            case Reap():
                ledger.reap()
            case ComeDue():
                ledger.come_due()
    return [first_put(claim) for claim in claims]


def first_put(claim: AnyClaim, limits: Limits = LIMITS) -> Put:
    """The PUT that a claim sends."""
    return next(plan(claim, limits))


def settlement(
    claim: AnyClaim, ending: Literal["done", "dead"] | Outcome, limits: Limits = LIMITS
) -> tuple[str, int, Outcome]:
    """What the ledger is told of a claim's end."""
    outcome: Outcome
    if ending == "done":
        outcome = Done(first_put(claim, limits).part)
    elif ending == "dead":
        outcome = Dead("rejected", "rejected", part=first_put(claim, limits).part)
    else:
        outcome = ending
    return claim.slot, claim.generation, outcome


def claim_of(slot: Slot) -> AnyClaim:
    """What claiming a slot of the model answers; 0 for what hangs on a clock."""
    _, dialog_id, last = slot.name.split(":")
    if isinstance(slot.in_flight, EditHalf):
        edit = slot.in_flight
        return EditClaim(
            slot.name,
            slot.generation,
            slot.attempts,
            0,
            dialog_id,
            edit.actor,
            edit.token,
            0,
            last,
            edit.revision,
            edit.text,
        )
    half = mark_of(slot.in_flight)
    ids = {id_: "".join(sorted(counts, reverse=True)) for id_, counts in sorted(half.ids.items())}
    return MarkClaim(
        slot.name,
        slot.generation,
        slot.attempts,
        0,
        dialog_id,
        last,
        slot.sent_token,
        0,
        half.read.count,
        half.delivered.count,
        ids,
        slot.list_limit,
    )
