"""The retry budget: of all workers together, trying in vain is at most a share of what is tried for the first time."""

from __future__ import annotations

from sandbox.faults import Faults
from tests.law.fleet import World
from tests.law.law import Law

CAP, SHARE, LASTS_S, ARRIVING_PER_S = 80, 0.05, 60, 20
SAVED, TRICKLE_PER_S = 20, 1  # what so small a budget holds when full, and what comes without any first attempt
NEVER = 1_000_000


def test_trying_in_vain_is_a_share_of_first_attempts() -> None:
    # Most calls fail and the breaker is kept from opening: the budget alone stands against the storm.
    law = Law(CAP, retry_share=SHARE, calls_min=NEVER)
    story = World(law, [(0, Faults(error_share=0.9))], [(0, ARRIVING_PER_S)]).run(LASTS_S)
    budget = SHARE * story.firsts + SAVED + TRICKLE_PER_S * LASTS_S
    assert 0.5 * budget <= story.vain_retries <= budget


def test_a_retry_that_succeeds_costs_nothing() -> None:
    law = Law(CAP, retry_share=SHARE)
    full = law.retries(1_000)
    law.claimed(1_000, firsts=0, retries=1, lease_ms=1_000)
    assert law.retries(1_000) == full - 1
    law.answer(1_000, "sent", 1_000, attempts=1)
    assert law.retries(1_000) == full
