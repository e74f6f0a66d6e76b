"""An outage of an hour with 100,000 slots waiting: held, found over, and drained without a storm."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from sandbox.faults import Faults
from tests.law.fleet import Story, World, busiest_second
from tests.law.law import Law

CAP = 80
BEGINS_S, LASTS_S, AFTER_S = 30, 3_600, 180
OVER_S = BEGINS_S + LASTS_S
PROBED_AT_LEAST_EVERY_S = 60
ARRIVING_PER_S = 28


@cache
def outage() -> tuple[Story, list[int]]:
    """What happened, and when slots were claimed."""
    weather = [(0, Faults(rate_per_s=CAP)), (BEGINS_S, Faults(outage=True)), (OVER_S, Faults(rate_per_s=CAP))]
    world = World(Law(CAP), weather, [(0, ARRIVING_PER_S), (OVER_S, 0.0)])
    return world.run(OVER_S + AFTER_S), world.ledger.claimed_ms


def test_an_hour_of_silence_costs_hardly_a_call_and_is_one_outage() -> None:
    story, _ = outage()
    assert story.seconds[OVER_S - 1].waiting >= 100_000
    # What was under way when it began, then a probe now and then.
    assert story.between(BEGINS_S + 10, OVER_S).total() <= LASTS_S / PROBED_AT_LEAST_EVERY_S + 20
    assert [event for _, event in story.events] == ["opened outage", "closed outage"]


def test_it_is_found_to_be_over_soon() -> None:
    closed_s = outage()[0].events[-1][0] / 1_000
    assert OVER_S < closed_s <= OVER_S + PROBED_AT_LEAST_EVERY_S + 5


def test_the_first_minute_starts_slowly_and_has_no_burst_above_the_rate() -> None:
    story, claimed_ms = outage()
    first_s = round(story.events[-1][0] / 1_000)
    rising = [second.calls for second in story.seconds[first_s : first_s + 10]]
    assert rising[0] + rising[1] <= 0.1 * CAP
    assert all(later <= max(10, 3 * earlier) for earlier, later in pairwise(rising))
    assert busiest_second(claimed_ms) <= CAP
    assert story.between(first_s + 30, first_s + 90)["sent"] >= 0.9 * CAP * 60


def test_everything_arrives_in_the_order_of_waiting() -> None:
    # Calls under way side by side may overtake each other; those that failed on the way have their own delay.
    story, _ = outage()
    covered = [number for number in story.covered if number not in story.failed]
    assert all(abs(number - place) <= 100 for number, place in zip(covered, sorted(covered), strict=True))
    assert len(story.failed) < 0.01 * 100_000
