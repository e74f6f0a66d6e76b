"""The model beside the real ledger: it lives through the same, and must say the same at every claim and every end."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence

from receipt_sync import Receipt
from tests.histories import claim_of
from tests.model import Model, Policy
from tests.simulation.history import AnyClaim
from tests.simulation.setup import LANDS_MS, Setup
from tests.simulation.store import Store
from tests.slot_state import LedgerState, read_state
from worker.ledger import MarkClaim, Outcome, Reaped, Stopped


class BrokenPromiseError(AssertionError):
    """A promise was broken; `rule` names it in a word."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule = rule


class Beside:
    """The model, told of every step that the real ledger took.

    Attributes:
        model: the model of now.
    """

    def __init__(self, setup: Setup) -> None:
        policy = {
            **setup.gather_ms,
            "give_up_ms": setup.give_up_ms,
            "token_wait_ms": setup.token_wait_ms,
            "crashes_max": setup.crashes_max,
            "lands_ms": LANDS_MS,
        }
        known = {field.name for field in dataclasses.fields(Policy)}
        self.model = Model(Policy(**{name: value for name, value in policy.items() if name in known}))
        self._generations: dict[str, list[int]] = {}
        self._snapshot: tuple[Model, dict[str, list[int]]] | None = None

    def record(self, receipts: Sequence[Receipt], now_ms: int) -> None:
        """Receipts were recorded."""
        self.model.record(receipts, now_ms)

    def claim(self, claim: AnyClaim, now_ms: int, failing_since_ms: int | None) -> None:
        """A claim was granted: was the slot due, and is what was claimed what the model would claim?"""
        if claim.slot not in self.model.claimable(now_ms):
            raise BrokenPromiseError("model", f"{claim.slot} was claimed and is not due")
        self._generations.setdefault(claim.slot, []).append(claim.generation)
        try:
            expected = claim_of(self.model.claim(claim.slot, now_ms, failing_since_ms))
        except AssertionError as error:
            raise BrokenPromiseError("model", str(error)) from error
        nth = self._nth(claim.slot, claim.generation)
        got = dataclasses.replace(claim, generation=nth, recorded_ms=0, claimed_s=0)
        if isinstance(got, MarkClaim):
            got = dataclasses.replace(got, ids=dict(sorted(got.ids.items())))
        if got != expected:
            raise BrokenPromiseError("model", f"claimed {got}, the model {expected}")

    def is_failing(self, slot: str) -> bool:
        """Whether it has failed, and not been sent since."""
        return slot in self.model.slots and self.model.slots[slot].failing_since_ms is not None

    def stop(self, stopped: Stopped, now_ms: int) -> int:
        """A due slot had no token to be sent with; answers how many receipts died of it."""
        model, before = self.model, self._dead(stopped.slot)
        if not model.is_stopped(model.slots[stopped.slot]):
            raise BrokenPromiseError("model", f"{stopped.slot} was stopped, and has a token")
        if model.due_ms.get(stopped.slot, now_ms + 1) > now_ms:
            raise BrokenPromiseError("model", f"{stopped.slot} was stopped, and was not due")
        if model.stop(stopped.slot, now_ms) != stopped.dead:
            raise BrokenPromiseError("model", f"{stopped} is the other way round in the model")
        return self._dead(stopped.slot) - before

    def settle(
        self, slot: str, generation: int, outcome: Outcome, now_ms: int, *, accepted: bool, of_outage: bool
    ) -> int:
        """A claim was ended; answers how many receipts died of it."""
        before = self._dead(slot)
        expected = self.model.settle(slot, self._nth(slot, generation), outcome, now_ms, of_outage=of_outage)
        if expected != accepted:
            raise BrokenPromiseError("model", f"a settle of {slot} counted: {accepted}, in the model: {expected}")
        return self._dead(slot) - before

    def reap(self, reaped: Reaped, now_ms: int) -> int:
        """A lease ran out; answers how many receipts died of it."""
        model, before = self.model, self._dead(reaped.slot)
        everyone, model.slots = model.slots, {reaped.slot: model.slots[reaped.slot]}
        fates = model.reap(now_ms)
        model.slots = everyone
        if fates != {reaped.slot: (reaped.crashes, reaped.dead)}:
            raise BrokenPromiseError("model", f"reaped {reaped}, the model {fates}")
        return self._dead(reaped.slot) - before

    def take_snapshot(self) -> None:
        """Redis has written until here."""
        self._snapshot = copy.deepcopy((self.model, self._generations))

    def roll_back(self) -> None:
        """Redis came back with that."""
        assert self._snapshot is not None
        self.model, self._generations = self._snapshot

    def waits(self) -> bool:
        """Whether anything is pending or in flight."""
        return any(slot.pending or slot.in_flight for slot in self.model.slots.values())

    def compare(self, store: Store, application: str) -> None:
        """Both must say the same of every slot, and of the totals."""
        real = read_state(store.client, application, self.model.slots, self._nth)
        expected = self.model.state()
        if real != expected:
            raise BrokenPromiseError("model", _difference(real, expected))

    def _nth(self, slot: str, generation: int) -> int:
        """A generation as the model counts it, from 1; 0 for one that the ledger does not know."""
        known = self._generations.get(slot, [])
        return known.index(generation) + 1 if generation in known else 0

    def _dead(self, slot: str) -> int:
        known = self.model.slots.get(slot)
        return known.dead if known else 0


def _difference(real: LedgerState, expected: LedgerState) -> str:
    for name, state in expected.slots.items():
        if real.slots.get(name) != state:
            return f"{name} is {real.slots.get(name)}, in the model {state}"
    return f"the totals are {real}, in the model {expected}"
