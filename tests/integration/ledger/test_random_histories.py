"""Random histories, lived through by the real ledger and by the model: after every step both must say the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Literal

import pytest
import redis
from hypothesis import HealthCheck, given, settings

from receipt_sync import Receipt
from stack.redis_server import RedisServer
from tests.histories import AnyClaim, Claim, ComeDue, Reap, Record, Settle, Step, claim_of, settlement
from tests.integration.ledger.random_steps import LIMITS, histories
from tests.integration.ledger.real import APPLICATION, RealLedger
from tests.ledger_audit import audit
from tests.model import Model, Policy
from worker.ledger import MarkClaim, Outcome
from worker.plan import Limits

EXAMPLES, STEPS = 200, 40


@dataclasses.dataclass
class Both:
    """The real ledger and the model, side by side."""

    real: RealLedger
    limits: Limits
    model: Model = dataclasses.field(default_factory=lambda: Model(Policy()))
    claims: list[AnyClaim] = dataclasses.field(default_factory=list)
    now_ms: int = 0

    def take(self, step: Step) -> None:
        """Both take a step, and answer the same."""
        self.now_ms += 1
        match step:
            case Record(receipts):
                self._record(receipts)
            case Claim(most):
                self._claim(most)
            case Settle(claim, ending) if self.claims:
                # Recent ones more often: they are the ones still in flight.
                self._settle(self.claims[-1 - claim % len(self.claims)], ending)
            case Reap():
                assert self.real.reap() == self.model.reap(self.now_ms)
            case ComeDue():
                self.real.come_due()
                self.model.due_ms = dict.fromkeys(self.model.due_ms, 0)

    def compare(self) -> None:
        """Both say the same of every slot, and of the totals."""
        assert self.real.state(self.model.slots) == self.model.state()

    def _record(self, receipts: Sequence[Receipt]) -> None:
        self.real.record(receipts)
        self.model.record(receipts, self.now_ms)

    def _claim(self, most: int) -> None:
        claimable = self.model.claimable(self.now_ms)
        claims = self.real.claim(most)
        # Which of them come first hangs on time (test_due.py); that as many come as may does not.
        assert len(claims) == min(most, len(claimable))
        for claim in claims:
            assert claim.slot in claimable
            counted = dataclasses.replace(claim, generation=self.real.nth(claim.slot, claim.generation))
            assert without_times(counted) == claim_of(self.model.claim(claim.slot, self.now_ms))
        self.claims += claims

    def _settle(self, claim: AnyClaim, ending: Literal["done", "dead"] | Outcome) -> None:
        slot, generation, outcome = settlement(claim, ending, self.limits)
        settled = self.real.settle(slot, generation, outcome)
        kept = self.real.state([slot]).slots[slot].covered_names
        nth = self.real.nth(slot, generation)
        assert self.model.settle(slot, nth, outcome, self.now_ms, kept) == settled


def without_times(claim: AnyClaim) -> AnyClaim:
    """A claim as the model says it."""
    if isinstance(claim, MarkClaim):
        claim = dataclasses.replace(claim, ids=dict(sorted(claim.ids.items())))
    return dataclasses.replace(claim, recorded_ms=0, claimed_s=0)


@pytest.fixture(scope="module")
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis_server.client() as client:
        yield client


@pytest.mark.timeout(600)  # a failing history takes minutes to be made short
@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories(STEPS), limits=LIMITS)
def test_the_real_ledger_does_what_the_model_does(client: redis.Redis, history: list[Step], limits: Limits) -> None:
    client.flushall()
    both = Both(RealLedger(client), limits)
    for step in history:
        both.take(step)
        both.compare()
    audit(client, APPLICATION)


@settings(max_examples=EXAMPLES // 3, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories(STEPS))
def test_whatever_happened_everything_ends_covered_or_dead(client: redis.Redis, history: list[Step]) -> None:
    client.flushall()
    both = Both(RealLedger(client), Limits(list_max_ids=2, both_flags=False))
    for step in history:
        both.take(step)
    both.take(Reap())
    for _ in range(200):  # each claim covers one PUT at least, and no slot has more than its messages' and flags'
        both.take(ComeDue())
        before = len(both.claims)
        both.take(Claim())
        if len(both.claims) == before:
            break
        for claim in both.claims[before:]:
            both._settle(claim, "done")
    both.compare()
    accounts = audit(client, APPLICATION)
    assert (accounts.pending, accounts.in_flight) == (0, 0)
