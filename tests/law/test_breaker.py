"""The breaker: what opens and shuts it, how often somebody is told, and when it lets a call through."""

from __future__ import annotations

import itertools

import pytest

from tests.law.law import Law

LEASE_MS, KEY_HOLD_MS = 18_000, 30_000
DAY_MS = 86_400_000
T0 = 1_000_000


def fails(law: Law, now: int, calls: int = 20) -> list[str]:
    """So many calls without a good answer; answers what somebody is told."""
    return [event for _ in range(calls) if (event := law.answer(now, "unavailable", now))]


def probe(law: Law, after: int, verdict: str, *, asked_ms: int = 0, by_key: bool = True) -> tuple[int, str | None]:
    """The next probe after a time, answered at once; when it was, and what somebody is told."""
    now = after + law.look(after).held_ms
    assert law.look(now).held_ms == 0
    law.claimed(now, 1, 0, LEASE_MS)
    assert law.look(now).held_ms == LEASE_MS
    return now, law.answer(now + 1, verdict, now, asked_ms, by_key=by_key)


def probes(law: Law, after: int, how_many: int, verdict: str, asked_ms: int = 0) -> list[tuple[int, str | None]]:
    """So many of them, one after the other."""
    made: list[tuple[int, str | None]] = []
    for _ in range(how_many):
        made.append(probe(law, made[-1][0] + 1 if made else after, verdict, asked_ms=asked_ms))
    return made


def test_an_outage_is_told_once_and_its_probes_grow_rarer() -> None:
    law = Law(80)
    assert fails(law, T0) == ["opened outage"]
    probed = probes(law, T0, 8, "unavailable")
    assert [event for _, event in probed] == [None] * 8
    waits_s = [round((later - earlier) / 1000) for (earlier, _), (later, _) in itertools.pairwise(probed)]
    assert waits_s == [10, 20, 40, 60, 60, 60, 60]
    assert probe(law, probed[-1][0], "sent")[1] == "closed outage"


@pytest.mark.parametrize("verdict", ["sent", "rejected", "throttled"])
def test_any_answer_that_is_no_failure_shuts_it(verdict: str) -> None:
    law = Law(80)
    fails(law, T0)
    assert probe(law, T0, verdict)[1] == "closed outage"
    assert law.look(T0 + LEASE_MS).limit < 2


def test_the_outage_of_another_day_is_told_once_as_well() -> None:
    law = Law(80)
    fails(law, T0)
    probe(law, T0, "sent")
    assert fails(law, T0 + DAY_MS) == ["opened outage"]
    probed = probes(law, T0 + DAY_MS, 4, "unavailable")
    assert [event for _, event in probed] == [None] * 4
    assert probed[-1][0] - probed[-2][0] > 30_000


def test_one_that_comes_back_within_a_minute_is_the_same_and_one_after_it_another() -> None:
    for minutes, told in ((0.5, ["reopened outage"]), (2, ["opened outage"])):
        law = Law(80)
        fails(law, T0)
        shut_ms, _ = probe(law, T0, "sent")
        assert fails(law, shut_ms + int(minutes * 60_000)) == told


def test_few_failures_or_few_among_many_do_not_open_it() -> None:
    law = Law(80)
    assert fails(law, T0, 19) == []
    law = Law(80)
    for nth in range(1000):
        assert law.answer(T0 + nth, "unavailable" if nth % 5 < 2 else "sent", T0 + nth) is None


def test_failures_of_long_ago_do_not_count() -> None:
    law = Law(80)
    assert fails(law, T0, 19) == []
    assert fails(law, T0 + 10_000, 19) == []


def test_answers_to_calls_from_before_it_opened_change_nothing() -> None:
    law = Law(80)
    fails(law, T0)
    held_ms = law.look(T0 + 100).held_ms
    assert law.answer(T0 + 100, "unavailable", T0 - 500) is None
    assert law.answer(T0 + 100, "sent", T0 - 500) is None
    assert law.look(T0 + 100).held_ms == held_ms


def test_a_refused_key_is_told_once_and_tried_once_for_each_hold() -> None:
    law = Law(80)
    told = [law.answer(T0 + nth, "unauthorized", T0, KEY_HOLD_MS) for nth in range(16)]
    assert told == ["opened key"] + [None] * 15
    probed = probes(law, T0, 3, "unauthorized", KEY_HOLD_MS)
    assert [event for _, event in probed] == [None] * 3
    assert all(later[0] - earlier[0] >= KEY_HOLD_MS for earlier, later in itertools.pairwise(probed))
    assert probe(law, probed[-1][0], "sent")[1] == "closed key"


def test_a_session_that_passes_says_nothing_of_the_key_and_the_next_may_try_it_at_once() -> None:
    law = Law(80)
    law.answer(T0, "unauthorized", T0, KEY_HOLD_MS)
    now, event = probe(law, T0, "sent", by_key=False)
    assert (event, law.opened_ms) == (None, T0)
    assert law.look(now + 1).held_ms == 0


def test_a_session_that_passes_does_not_end_the_hold_of_a_key_refused_meanwhile() -> None:
    # The first probe's worker slept, so a second one went out beside it (simulation, seed 10037142).
    law = Law(80)
    law.answer(T0, "unauthorized", T0, KEY_HOLD_MS)
    first = T0 + law.look(T0).held_ms
    law.claimed(first, 1, 0, LEASE_MS)
    second = first + law.look(first).held_ms
    law.claimed(second, 1, 0, LEASE_MS)
    assert law.answer(second, "unauthorized", first, KEY_HOLD_MS) is None
    assert law.answer(second + 5, "sent", second, by_key=False) is None
    assert law.look(second + 5).held_ms == KEY_HOLD_MS - 5


def limit_after(law: Law, now: int, seconds: int) -> float:
    """What the limit is after so many seconds in which more was due than it allowed."""
    for ms in range(0, seconds * 1000, 100):
        law.press(now + ms)
    return law.look(now + seconds * 1000).limit


@pytest.mark.parametrize("cap", [80, 0])
def test_after_an_outage_it_starts_with_a_call_a_second_and_is_soon_back(cap: int) -> None:
    law = Law(cap)
    fails(law, T0)
    now, _ = probe(law, T0, "sent")
    assert law.look(now).limit == 1
    assert limit_after(law, now, 2) < 10
    assert limit_after(law, now + 2_000, 10) >= 75
