"""What the watchdog sees at one moment: values, collected without asking anybody who might hang."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from celery import bootsteps
from celery.worker import state

_TURN_S = 1.0


@dataclass(frozen=True, slots=True)
class Probed:
    """What the servers said when they were asked last; None: not known, or too long ago.

    Attributes:
        redis: whether the ledger's Redis answers.
        broker: whether the broker does.
        waiting: messages in the queues that this worker consumes.
    """

    redis: bool | None = None
    broker: bool | None = None
    waiting: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One look.

    Attributes:
        connection: number of the consumer's connection to the broker; None while it has none.
        turns: of the consumer's event loop so far; None where it has none (pools of threads).
        messages: that have come from the broker so far.
        handed: ids of tasks handed to the pool that no process has begun.
        held: tasks in this worker's hands altogether.
        processes: of the pool.
        working: the pool's processes that run a task, by pid: their last sign of life.
        ticks: of the ticker so far; None before it begins.
        ticker_lives: whether its thread does.
        failing: whether its last tick failed.
        probed: the servers.
        stopping: whether the worker wants to stop.
    """

    connection: int | None = None
    turns: int | None = None
    messages: int = 0
    handed: frozenset[str] = frozenset()
    held: int = 0
    processes: int = 0
    working: Mapping[int, float] = field(default_factory=dict)
    ticks: int | None = None
    ticker_lives: bool = True
    failing: bool = False
    probed: Probed = field(default_factory=Probed)
    stopping: bool = False


class Consuming:
    """What the consumer does, noted by itself: written by the main thread, read by the watchdog's."""

    def __init__(self) -> None:
        self.connection: int | None = None
        self.turns: int | None = None
        self.messages = 0
        self.queues: tuple[str, ...] = ()
        self._connections = 0

    def message(self) -> None:
        """One has come, whatever it is."""
        self.messages += 1

    def turn(self) -> None:
        """The event loop has come round."""
        self.turns = (self.turns or 0) + 1

    def connected(self, queues: tuple[str, ...]) -> None:
        """It consumes from these queues from now on."""
        self._connections += 1
        self.queues, self.connection = queues, self._connections

    def lost(self) -> None:
        """It consumes no more."""
        self.connection = None


consuming = Consuming()


class ConsumingStep(bootsteps.StartStopStep):
    """Notes the consumer's life: comes last before the event loop, and stops first."""

    requires = ("celery.worker.consumer:Tasks",)

    def start(self, c: Any) -> None:
        """Called for each connection."""
        consuming.connected(tuple(queue.name for queue in c.task_consumer.queues))

    def stop(self, c: Any) -> None:  # noqa: ARG002 - celery's signature
        """Called when it is lost, and at the end."""
        consuming.lost()

    def register_with_event_loop(self, c: Any, hub: Any) -> None:  # noqa: ARG002 - celery's signature
        """Called for each connection, which takes its timers along when it goes."""
        hub.timer.call_repeatedly(_TURN_S, consuming.turn)


def tasks() -> tuple[frozenset[str], int]:
    """Ids of those that no process has begun, and how many there are; from any thread."""
    while True:
        try:
            reserved, active = list(state.reserved_requests), set(state.active_requests)
        except RuntimeError:  # the main thread has changed one of them meanwhile
            threading.Event().wait(0.001)
            continue
        return frozenset(each.id for each in reserved if each not in active), len(reserved)
