"""Finding a limit that nobody tells: 80, then 30, then 120 calls a second; and staying with it for hours."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sandbox.faults import Faults
from tests.law.fleet import Story, World, busiest_second
from tests.law.law import Law

LIMITS = (80, 30, 120)
HALF_AN_HOUR_S = 1_800
MORE_THAN_CAN_BE_SENT = 100_000


def pressed(cap: float, limits: Sequence[int], phase_s: int, *, workers: int = 2, text: str = "") -> Story:
    """A story of limits that change unannounced while more waits than can be sent."""
    weather = [(nth * phase_s, Faults(rate_per_s=limit)) for nth, limit in enumerate(limits)]
    world = World(Law(cap, text=text), weather, backlog=MORE_THAN_CAN_BE_SENT, workers=workers)
    return world.run(len(limits) * phase_s)


def used_share(story: Story, limits: Sequence[int], phase_s: int) -> float:
    return story.between(0, len(limits) * phase_s)["sent"] / (sum(limits) * phase_s)


def throttled_share(story: Story, from_s: int, until_s: int) -> float:
    answers = story.between(from_s, until_s)
    return answers["throttled"] / answers.total()


# Where no rate is configured the first second costs some two hundred refusals.
@pytest.mark.parametrize(("cap", "workers", "phase_s"), [(120, 1, 60), (160, 4, 60), (0, 2, 120)])
def test_a_limit_that_changes_unannounced_is_used_and_hardly_overstepped(
    cap: float, workers: int, phase_s: int
) -> None:
    story = pressed(cap, LIMITS, phase_s, workers=workers)
    assert used_share(story, LIMITS, phase_s) >= 0.9
    assert throttled_share(story, 0, len(LIMITS) * phase_s) < 0.02


def test_over_an_hour_no_saw_of_refusals_builds_up() -> None:
    # A low limit, so that an hour is affordable; its second half is as good as the first.
    story = pressed(80, [12], 2 * HALF_AN_HOUR_S, workers=1)
    for from_s in (0, HALF_AN_HOUR_S):
        assert story.between(from_s, from_s + HALF_AN_HOUR_S)["sent"] >= 0.9 * 12 * HALF_AN_HOUR_S
        assert throttled_share(story, from_s, from_s + HALF_AN_HOUR_S) < 0.02


@pytest.mark.parametrize("workers", [1, 4])
def test_the_configured_rate_is_used_in_full_and_never_overstepped(workers: int) -> None:
    world = World(Law(80), [(0, Faults())], backlog=MORE_THAN_CAN_BE_SENT, workers=workers)
    story = world.run(60)
    assert story.between(10, 60)["sent"] >= 0.99 * 80 * 50
    assert busiest_second(world.ledger.claimed_ms) <= 80


def test_an_asked_pause_is_kept_for_as_long() -> None:
    law = Law(80)
    law.answer(1_000, "throttled", 900, asked_ms=7_000)
    assert law.look(1_000).held_ms == 7_000
    assert law.look(8_000).held_ms == 0
