"""The ledger as a state machine: the real one and the model live through the same, and must always say the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from receipt_sync import Receipt
from tests.histories import AnyClaim, Claim, ComeDue, Reap, Record, Settle, Step, claim_of, settlement
from tests.integration.ledger.random_steps import ENDINGS, LIMITS, RECEIPTS, REFUSED
from tests.integration.ledger.real import APPLICATION, PREFIX, RealLedger
from tests.ledger_audit import audit
from tests.model import Model, Policy
from worker.ledger import MarkClaim, Outcome, pausing
from worker.ledger.letterbox import Replayed
from worker.plan import Limits

EXAMPLES, STEPS = 150, 40


@dataclasses.dataclass
class Both:
    """The real ledger and the model, side by side."""

    real: RealLedger
    limits: Limits
    model: Model
    claims: list[AnyClaim] = dataclasses.field(default_factory=list)
    now_ms: int = 0
    paused: bool = False

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

    def wait_no_longer(self) -> None:
        """Whoever waits for a session token has waited long enough."""
        self.real.redis.hset(f"{PREFIX}:policy", "token_wait_ms", 0)
        self.model.policy = dataclasses.replace(self.model.policy, token_wait_ms=0)

    def pause(self) -> None:
        """An operator pauses the application, or once more."""
        before = pausing.pause(self.real.redis, APPLICATION, "somebody said so")
        assert (before is not None) is self.paused
        self.paused = True

    def resume(self) -> None:
        """And lets it go on, or once more."""
        before = pausing.resume(self.real.redis, APPLICATION)
        assert (before is not None) is self.paused
        self.paused = False

    def extend(self) -> None:
        """Workers keep all that they have ever claimed: kept is what is in flight still, under that claim."""
        asked = [(claim.slot, claim.generation) for claim in self.claims]
        assert self.real.ledger.extend(asked) == [self._holds(claim) for claim in self.claims]

    def _holds(self, claim: AnyClaim) -> bool:
        slot = self.model.slots.get(claim.slot)
        nth = self.real.nth(claim.slot, claim.generation)
        return slot is not None and slot.in_flight is not None and slot.generation == nth

    def replay(self, nth: int) -> None:
        """Both replay a letter, counted from the newest."""
        self.now_ms += 1
        at = nth % len(self.model.letters)
        replayed = self.real.letterbox.replay(self.real.letterbox.newest(at + 1)[at])
        assert replayed == Replayed(self.model.replay(-1 - at, self.now_ms))

    def drop(self, nth: int) -> None:
        """Both drop one."""
        at = nth % len(self.model.letters)
        assert self.real.letterbox.drop([self.real.letterbox.newest(at + 1)[at].id]) == [True]
        self.model.drop(-1 - at)

    def compare(self) -> None:
        """Both say the same of every slot, and of the totals."""
        assert self.real.state(self.model.slots) == self.model.state()

    def _record(self, receipts: Sequence[Receipt]) -> None:
        self.real.record(receipts)
        self.model.record(receipts, self.now_ms)

    def _claim(self, most: int) -> None:
        claimable = set() if self.paused else self.model.claimable(self.now_ms)
        claims = self.real.claim(most)
        for stopped in self.real.stopped:
            assert self.model.stop(stopped.slot, self.now_ms) == stopped.dead
        self.real.stopped.clear()
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
        self.model.end_settles()


def without_times(claim: AnyClaim) -> AnyClaim:
    """A claim as the model says it."""
    if isinstance(claim, MarkClaim):
        claim = dataclasses.replace(claim, ids=dict(sorted(claim.ids.items())))
    return dataclasses.replace(claim, recorded_ms=0, claimed_s=0)


class LedgerMachine(RuleBasedStateMachine):
    """Any step at any time; after each both say the same, and in the end everything is covered or dead."""

    client: redis.Redis

    @initialize(receipts=RECEIPTS, limits=LIMITS, keep_max=st.sampled_from([1, 3, 100]))
    def begin(self, receipts: st.SearchStrategy[Receipt], limits: Limits, keep_max: int) -> None:
        self.client.flushall()
        self.receipts = receipts
        real = RealLedger(self.client, dead_keep_max=str(keep_max))
        self.both = Both(real, limits, Model(Policy(dead_keep_max=keep_max)))

    @rule(data=st.data())
    def record(self, data: st.DataObject) -> None:
        self.both.take(Record(tuple(data.draw(st.lists(self.receipts, min_size=1, max_size=4)))))

    @rule(most=st.sampled_from([1, 3, 100]))
    def claim(self, most: int) -> None:
        self.both.take(Claim(most))

    @precondition(lambda self: self.both.claims)
    @rule(nth=st.integers(0, 1), ending=st.just("done") | ENDINGS)
    def settle_a_recent_claim(self, nth: int, ending: Literal["done", "dead"] | Outcome) -> None:
        self.both.take(Settle(nth, ending))

    @precondition(lambda self: self.both.claims)
    @rule(nth=st.integers(0, 200), ending=ENDINGS)
    def settle_any_claim(self, nth: int, ending: Literal["done", "dead"] | Outcome) -> None:
        self.both.take(Settle(nth, ending))

    @rule(most=st.sampled_from([1, 100]))
    def claim_and_be_refused(self, most: int) -> None:
        before = len(self.both.claims)
        self.both.take(ComeDue())
        self.both.take(Claim(most))
        for _ in range(len(self.both.claims) - before):
            self.both.take(Settle(len(self.both.claims) - before - 1, REFUSED))
            before += 1

    @precondition(lambda self: self.both.model.letters)
    @rule(nth=st.integers(0, 5))
    def replay(self, nth: int) -> None:
        self.both.replay(nth)

    @precondition(lambda self: self.both.model.letters)
    @rule(nth=st.integers(0, 5))
    def drop(self, nth: int) -> None:
        self.both.drop(nth)

    @rule()
    def pause(self) -> None:
        self.both.pause()

    @precondition(lambda self: self.both.paused)
    @rule()
    def resume(self) -> None:
        self.both.resume()

    @precondition(lambda self: self.both.claims)
    @rule()
    def extend(self) -> None:
        self.both.extend()

    @rule()
    def reap(self) -> None:
        self.both.take(Reap())

    @rule()
    def come_due(self) -> None:
        self.both.take(ComeDue())

    @invariant()
    def both_say_the_same(self) -> None:
        self.both.compare()

    def teardown(self) -> None:
        """Whatever happened, everything ends covered or dead."""
        if not hasattr(self, "both"):
            return
        audit(self.client, APPLICATION)
        self.both.resume()
        self.both.take(Reap())
        self.both.wait_no_longer()
        for _ in range(200):  # each claim covers one PUT at least, and no slot has more than its messages' and flags'
            self.both.take(ComeDue())
            before = len(self.both.claims)
            self.both.take(Claim())
            if len(self.both.claims) == before:
                break
            for claim in self.both.claims[before:]:
                self.both._settle(claim, "done")
        self.both.compare()
        accounts = audit(self.client, APPLICATION)
        assert (accounts.pending, accounts.in_flight) == (0, 0)


@pytest.mark.timeout(600)  # a failing history takes minutes to be made short
def test_whatever_happens_the_real_ledger_does_what_the_model_does(redis_client: redis.Redis) -> None:
    machine = type("Machine", (LedgerMachine,), {"client": redis_client})
    health = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=health,
        ),
    )
