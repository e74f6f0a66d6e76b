"""Longest wait first under a cap: by hand, by its rules, and against trying everything."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.capped_oracle import Schedule, longest_wait_first
from traffic.arrivals import Arrival, Kind
from traffic.oracle import stream_of

D, E = "d" * 24, "e" * 24
M, N = "a" * 24, "b" * 24
INTERVAL = 2  # whole seconds between calls, so that every time is exact
RATE = 1 / INTERVAL


def arrival(t_s: float, dialog: str = D, kind: Kind = "read", user: int = 1, message: str = M) -> Arrival:
    return Arrival(t_s, kind, dialog, user, message, 0)


def served(*arrivals: Arrival, rate_per_s: float = 1.0, names: bool = False) -> tuple[list[float], list[float]]:
    schedule = longest_wait_first(arrivals, rate_per_s, names=names)
    return schedule.calls_s, schedule.waits_s


def naively(arrivals: list[Arrival]) -> list[float]:
    """The rule, word by word, second by second."""
    uncovered, waits_s, free_s = sorted(arrivals, key=lambda one: one.t_s), [], 0
    for now_s in range(100):
        here = [one for one in uncovered if one.t_s <= now_s]
        if here and now_s >= free_s:
            covered = [one for one in here if stream_of(one) == stream_of(here[0])]
            waits_s += [now_s - one.t_s for one in covered]
            uncovered = [one for one in uncovered if one not in covered]
            free_s = now_s + INTERVAL
    assert not uncovered
    return sorted(waits_s)


def least_by_trying_everything(arrivals: list[Arrival]) -> tuple[float, float]:
    """The least sum of waits and the least longest wait of any schedule, each on its own; idling is allowed."""
    streams = sorted({stream_of(one) for one in arrivals}, key=str)
    times = {stream: sorted(one.t_s for one in arrivals if stream_of(one) == stream) for stream in streams}
    end_s = int(max(one.t_s for one in arrivals)) + INTERVAL * len(arrivals)

    @cache
    def best(now_s: int, free_s: int, covered: tuple[int, ...]) -> tuple[float, float]:
        if all(done == len(times[stream]) for done, stream in zip(covered, streams, strict=True)):
            return 0.0, 0.0
        if now_s > end_s:
            return float("inf"), float("inf")
        total, longest = best(now_s + 1, free_s, covered)
        for at, stream in enumerate(streams) if now_s >= free_s else ():
            waits = [now_s - t_s for t_s in times[stream][covered[at] :] if t_s <= now_s]
            if waits:
                after = (*covered[:at], covered[at] + len(waits), *covered[at + 1 :])
                sum_, max_ = best(now_s + 1, now_s + INTERVAL, after)
                total, longest = min(total, sum_ + sum(waits)), min(longest, max(max_, *waits))
        return total, longest

    return best(0, 0, (0,) * len(streams))


some_arrivals = st.lists(
    st.builds(
        arrival,
        t_s=st.integers(0, 8),
        dialog=st.sampled_from([D, E]),
        kind=st.sampled_from(["read", "delivered", "edit"]),
        user=st.integers(1, 2),
        message=st.sampled_from([M, N]),
    ),
    max_size=12,
)
few_arrivals = some_arrivals.filter(lambda arrivals: 0 < len(arrivals) <= 5)


def test_an_idle_system_serves_at_once() -> None:
    assert served(arrival(0.0), arrival(5.0)) == ([0.0, 5.0], [0.0, 0.0])


def test_calls_not_used_are_not_saved_up() -> None:
    assert served(arrival(50.0), arrival(50.0, E)) == ([50.0, 51.0], [0.0, 1.0])


def test_one_call_covers_all_that_its_stream_has_received_by_then() -> None:
    calls_s, waits_s = served(arrival(0.0), arrival(0.25), arrival(0.5, kind="delivered"), arrival(1.0), arrival(1.5))
    assert calls_s == [0.0, 1.0, 2.0]
    assert waits_s == [0.0, 0.0, 0.5, 0.5, 0.75]


def test_whoever_has_waited_longest_is_next_however_many_wait_elsewhere() -> None:
    many = [arrival(0.5, E) for _ in range(9)]
    assert served(arrival(0.0), arrival(0.25), *many) == ([0.0, 1.0, 2.0], [0.0, 0.75, *[1.5] * 9])


def test_a_stream_that_was_served_stands_behind_those_that_wait() -> None:
    # D's second receipt comes after E's first, so D is served again only after it.
    assert served(arrival(0.0), arrival(0.25, E), arrival(0.5)) == ([0.0, 1.0, 2.0], [0.0, 0.75, 1.5])


def test_a_named_mark_that_is_covered_needs_no_call() -> None:
    twice = (arrival(0.0), arrival(3.0))
    assert served(*twice, names=True) == ([0.0], [0.0])
    assert served(*twice, names=False) == ([0.0, 3.0], [0.0, 0.0])
    assert longest_wait_first(twice, 1, names=True).absorbed == 1
    assert served(arrival(0.0), arrival(3.0, kind="delivered"), names=True)[0] == [0.0, 3.0]
    assert served(arrival(0.0, kind="edit"), arrival(3.0, kind="edit"), names=True)[0] == [0.0, 3.0]


def test_who_knows_the_future_can_do_better() -> None:
    arrivals = [arrival(0.0), arrival(0.5), arrival(0.9, E)]
    mine = longest_wait_first(arrivals, 1, names=False)
    assert [mine.mean_s, mine.longest_s] == pytest.approx([1.6 / 3, 1.1])
    waits_when_holding_back_s = [0.5 - 0.0, 0.0, 1.5 - 0.9]
    assert [sum(waits_when_holding_back_s) / 3, max(waits_when_holding_back_s)] == pytest.approx([1.1 / 3, 0.6])


def test_nothing_needs_no_call_and_a_rate_is_needed() -> None:
    assert longest_wait_first([], 80, names=False) == Schedule()
    assert (Schedule().mean_s, Schedule().longest_s) == (0, 0)
    with pytest.raises(ValueError, match="above 0"):
        longest_wait_first([], 0, names=False)


@given(some_arrivals)
def test_it_is_the_rule_word_by_word(arrivals: list[Arrival]) -> None:
    assert longest_wait_first(arrivals, RATE, names=False).waits_s == naively(arrivals)


@given(few_arrivals)
def test_no_schedule_is_better_than_the_best_one(arrivals: list[Arrival]) -> None:
    mine, (least_sum, least_longest) = (
        longest_wait_first(arrivals, RATE, names=False),
        least_by_trying_everything(arrivals),
    )
    assert sum(mine.waits_s) >= least_sum
    assert mine.longest_s >= least_longest


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_where_nothing_coalesces_it_is_the_best(times_s: list[int]) -> None:
    arrivals = [arrival(t_s, user=user) for user, t_s in enumerate(times_s)]
    mine = longest_wait_first(arrivals, RATE, names=False)
    assert (sum(mine.waits_s), mine.longest_s) == least_by_trying_everything(arrivals)


@given(some_arrivals, st.booleans())
def test_every_receipt_is_covered_or_absorbed_and_none_before_its_time(arrivals: list[Arrival], names: bool) -> None:  # noqa: FBT001 - drawn
    schedule = longest_wait_first(arrivals, RATE, names=names)
    assert len(schedule.waits_s) + schedule.absorbed == len(arrivals)
    assert names or not schedule.absorbed
    assert all(wait_s >= 0 for wait_s in schedule.waits_s)
    assert schedule.puts <= len(arrivals)


@given(some_arrivals)
def test_never_above_the_cap_and_never_idle_while_somebody_waits(arrivals: list[Arrival]) -> None:
    calls_s = longest_wait_first(arrivals, RATE, names=False).calls_s
    for before_s, after_s in pairwise(calls_s):
        assert after_s - before_s >= INTERVAL
        idle = after_s - before_s > INTERVAL
        assert not idle or not any(before_s < one.t_s < after_s for one in arrivals)
        assert not idle or any(one.t_s == after_s for one in arrivals)
