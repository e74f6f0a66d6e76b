"""A stay, on wake-ups that are said by hand; the clock stands still but for the waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest
import redis

from worker.staying import AGAIN_S, Stay

WAKE = {"type": "message"}
SUBSCRIBED = {"type": "subscribe"}


class Wakes:
    """A subscription: what comes, in order; None is a while in which nothing did."""

    def __init__(self, clock: Clock, *messages: dict[str, str] | None) -> None:
        self._clock = clock
        self.messages: list[dict[str, str] | None] = list(messages)
        self.channels: list[str] = []
        self.closed = 0

    def pubsub(self) -> Wakes:
        return self

    def subscribe(self, channel: str) -> None:
        self.channels.append(channel)
        self.messages.insert(0, SUBSCRIBED)

    def get_message(self, timeout: float) -> dict[str, str] | None:
        message = self.messages.pop(0) if self.messages else None
        if message is None:
            self._clock.now_s += timeout
        return message

    def close(self) -> None:
        self.closed += 1


class Clock:
    """Stands still until somebody waits."""

    def __init__(self) -> None:
        self.now_s = 1000.0


class Seat:
    """A worker's one seat."""

    def __init__(self, *, free: bool = True) -> None:
        self.free = free
        self.asked = 0

    def take(self) -> bool:
        self.asked += 1
        taken, self.free = self.free, False
        return taken

    def leave(self) -> None:
        self.free = True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    with monkeypatch.context() as patched:
        patched.setattr(time, "monotonic", lambda: clock.now_s)
        yield clock


def stay_of(wakes: Wakes, seat: Seat | None = None, stopping: Callable[[], bool] = lambda: False) -> Stay:
    seat = seat or Seat()
    return Stay(cast("redis.Redis", wakes), "shop", seat.take, seat.leave, stopping)


def listened_s(stay: Stay, clock: Clock, most_s: float | None = None) -> float:
    began_s = clock.now_s
    stay.listen(most_s)
    return clock.now_s - began_s


def test_what_was_recorded_before_it_was_heard_is_asked_for_at_once(clock: Clock) -> None:
    wakes = Wakes(clock)
    stay = stay_of(wakes)
    assert listened_s(stay, clock) == 0
    assert wakes.channels == ["rs:{shop}:wake"]


def test_waits_for_a_wake_up_and_takes_a_burst_as_one(clock: Clock) -> None:
    wakes = Wakes(clock)
    stay = stay_of(wakes)
    stay.listen(None)
    wakes.messages = [None, WAKE, WAKE, WAKE]
    assert 0 < listened_s(stay, clock) < AGAIN_S
    assert wakes.messages == []
    assert wakes.channels == ["rs:{shop}:wake"], "subscribed once"


@pytest.mark.parametrize(("most_s", "waits_s"), [(None, AGAIN_S), (0.3, 0.3), (60.0, AGAIN_S)])
def test_without_a_wake_up_it_claims_when_something_is_due_and_at_the_latest_after_a_second(
    clock: Clock, most_s: float | None, waits_s: float
) -> None:
    stay = stay_of(Wakes(clock))
    stay.listen(None)
    assert listened_s(stay, clock, most_s) == pytest.approx(waits_s)


def test_a_worker_that_stops_is_seen_soon(clock: Clock) -> None:
    stay = stay_of(Wakes(clock), stopping=lambda: clock.now_s > 1000.3)
    stay.listen(None)
    assert 0.3 < listened_s(stay, clock) <= 0.55


def test_one_that_is_busy_for_long_is_deaf_and_hears_anew(clock: Clock) -> None:
    wakes = Wakes(clock)
    stay = stay_of(wakes)
    stay.listen(None)
    clock.now_s += 0.2
    stay.is_busy()
    assert wakes.closed == 0
    clock.now_s += 0.1
    stay.is_busy()
    stay.is_busy()
    assert wakes.closed == 1
    assert listened_s(stay, clock) == 0
    assert len(wakes.channels) == 2


def test_the_seat_is_taken_once_and_given_back(clock: Clock) -> None:
    seat, wakes = Seat(), Wakes(clock)
    stay = stay_of(wakes, seat)
    assert stay.begin()
    assert stay.begin()
    assert seat.asked == 1
    stay.listen(None)
    stay.end()
    stay.end()
    assert (seat.free, wakes.closed) == (True, 1)


def test_a_seat_that_is_another_ones_stays_so(clock: Clock) -> None:
    seat = Seat(free=False)
    stay = stay_of(Wakes(clock), seat)
    assert not stay.begin()
    stay.end()
    assert not seat.free


def test_a_connection_that_cannot_be_closed_is_given_up(clock: Clock) -> None:
    class Broken(Wakes):
        def close(self) -> None:
            raise redis.ConnectionError

    seat = Seat()
    stay = stay_of(Broken(clock), seat)
    stay.begin()
    stay.listen(None)
    stay.end()
    assert seat.free
