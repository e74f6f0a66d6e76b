"""Events of tasks: told some at a time, not one PUBLISH for each."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import Mock

import pytest
from celery.worker.consumer import Consumer

from worker.guard.consumer import GuardedConsumer


class Clock:
    now_s = 100.0


class Hub:
    """Celery's event loop, as far as the consumer asks for timers."""

    def __init__(self) -> None:
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.timers.append((delay_s, call))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("worker.guard.consumer.time.monotonic", lambda: clock.now_s)
    return clock


@pytest.fixture
def consumer() -> GuardedConsumer:
    consumer: GuardedConsumer = object.__new__(GuardedConsumer)
    consumer.hub, consumer.event_dispatcher = Hub(), Mock()
    consumer.connection_errors = (ConnectionError,)
    return consumer


def test_events_of_a_moment_are_told_together(consumer: GuardedConsumer, clock: Clock) -> None:
    for _ in range(3):
        consumer.on_send_event_buffered()
        clock.now_s += 0.01
    [(delay_s, tell)] = consumer.hub.timers
    assert delay_s == 0.05
    consumer.event_dispatcher.flush.assert_not_called()
    tell()
    consumer.event_dispatcher.flush.assert_called_once()


def test_the_next_ones_are_told_too_even_if_a_timer_was_lost(consumer: GuardedConsumer, clock: Clock) -> None:
    consumer.on_send_event_buffered()
    consumer.hub = Hub()  # a lost connection clears the loop's timers
    clock.now_s += 0.1
    consumer.on_send_event_buffered()
    assert len(consumer.hub.timers) == 1


def test_without_a_loop_nothing_is_put_off(consumer: GuardedConsumer, clock: Clock) -> None:  # noqa: ARG001 - stops time
    consumer.hub = None
    consumer.on_send_event_buffered()  # Celery's dispatcher tells each at once there


@pytest.mark.parametrize("trouble", [None, ConnectionError])
def test_a_consumer_that_stops_tells_the_last_ones(
    consumer: GuardedConsumer, monkeypatch: pytest.MonkeyPatch, trouble: type[Exception] | None
) -> None:
    stopped = Mock()
    monkeypatch.setattr(Consumer, "stop", stopped)
    consumer.event_dispatcher.flush.side_effect = trouble
    consumer.stop()
    consumer.event_dispatcher.flush.assert_called_once()
    stopped.assert_called_once()
