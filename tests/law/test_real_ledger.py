"""The scripts themselves in virtual time: the same stories as of the model beside them, and an outage of an hour."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sandbox.faults import Faults
from tests.law.fleet import World, busiest_second
from tests.law.law import Law
from tests.law.real_ledger import RealLedger
from tests.simulation.store import Store

CAP = 80
HOUR_S = 3_600


@pytest.mark.parametrize(
    ("weather", "backlog"),
    [
        pytest.param([(0, Faults(rate_per_s=40)), (6, Faults(rate_per_s=15)), (12, Faults())], 2_000, id="limits"),
        pytest.param([(0, Faults()), (3, Faults(outage=True)), (25, Faults())], 1_500, id="outage"),
        pytest.param([(0, Faults(error_share=0.3))], 1_000, id="errors"),
    ],
)
@pytest.mark.parametrize("rate_per_s", [CAP, 0])
def test_the_model_tells_the_story_that_the_scripts_tell(
    store: Store, weather: list[tuple[int, Faults]], backlog: int, rate_per_s: int
) -> None:
    load = [(0, 10.0)]
    real = World(RealLedger(store, rate_per_s), weather, load, backlog=backlog, workers=3)
    model = World(Law(rate_per_s), weather, load, backlog=backlog, workers=3)
    assert real.run(40) == model.run(40)
    assert real.ledger.claimed_ms == model.ledger.claimed_ms


def test_an_outage_of_an_hour_with_100_000_slots_ends_without_a_storm_and_in_order(store: Store) -> None:
    weather = [(0, Faults(rate_per_s=CAP)), (2, Faults(outage=True)), (HOUR_S, Faults(rate_per_s=CAP))]
    world = World(RealLedger(store, CAP), weather, backlog=100_000, workers=1)
    story = world.run(HOUR_S + 100)
    assert story.seconds[HOUR_S - 1].waiting > 99_000
    assert [event for _, event in story.events] == ["opened outage", "closed outage"]
    assert story.between(10, HOUR_S).total() <= HOUR_S / 60 + 20  # probes
    first_s = round(story.events[-1][0] / 1_000)
    rising = [second.calls for second in story.seconds[first_s : first_s + 10]]
    assert rising[0] + rising[1] <= 0.1 * CAP
    assert all(later <= max(10, 3 * earlier) for earlier, later in pairwise(rising))
    assert busiest_second(world.ledger.claimed_ms) <= CAP
    covered = [number for number in story.covered if number not in story.failed]
    assert len(covered) > 1_000
    assert all(abs(number - place) <= 100 for number, place in zip(covered, sorted(covered), strict=True))


def test_a_failed_probe_is_followed_by_another_slots(store: Store) -> None:
    """One slot with which the API always fails must not keep the others waiting."""
    ledger = RealLedger(store, CAP)
    ledger.record(0, 60)
    now, probes, events = 0, list[int](), list[str | None]()
    while len(probes) < 3:
        for slot in ledger.claim(now, 16):
            if events:
                probes.append(slot.number)
            event = ledger.settle(now + 10, slot, "unavailable", now, 0.5)
            events += [event] if event else []
        now += 1_000
    assert events == ["opened outage"]
    assert len(set(probes)) == 3
