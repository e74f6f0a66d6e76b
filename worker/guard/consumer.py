"""The fence before Celery, on every broker: it is shown calls of our own tasks and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from celery.utils.log import get_logger
from celery.worker.consumer import Consumer
from kombu.exceptions import OperationalError

from worker.admission import task_fault
from worker.dead_watches import forget_dead_watches
from worker.guard.channel import ChannelGuard
from worker.health.seeing import consuming
from worker.lifecycle import pause
from worker.quarantine import Quarantine, call_of

log = get_logger(__name__)

_PAUSE_S = 1.0
_EVENTS_GATHER_S = 0.05


class GuardedConsumer(Consumer):
    """Shows Celery only calls of our own tasks."""

    quarantine: Quarantine
    _flushed_by_s = 0.0

    def on_send_event_buffered(self) -> None:
        """Events for Flower gather for a moment; Celery would write them before it hands the task to its process."""
        now_s = time.monotonic()
        if self.hub and now_s >= self._flushed_by_s:
            self._flushed_by_s = now_s + _EVENTS_GATHER_S
            self.hub.call_later(_EVENTS_GATHER_S, self._flush_events)

    def stop(self) -> None:
        """Tells what has happened until now first."""
        with suppress(*self.connection_errors):
            self._flush_events()
        super().stop()

    def connect(self) -> Any:
        """Called at the start, and again whenever the broker has refused something."""
        # With a connection of its own: kombu reads some of these keys as soon as it is connected.
        # OperationalError is what kombu makes of a broker that is away; Celery waits for that one below.
        with suppress(OperationalError, *self.connection_errors, *self.app.connection_for_read().channel_errors):
            self._set_aside()
        return super().connect()

    def _set_aside(self) -> None:
        with self.app.connection_for_read() as connection:
            channel = connection.default_channel
            if isinstance(channel, ChannelGuard):
                channel.set_aside_other_types(self.app.amqp.queues)

    def loop_args(self) -> Any:
        """Called right before Celery's loop begins, and begins anew after a lost connection."""
        forget_dead_watches(self.pool)
        return super().loop_args()

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        """Celery's handler of messages, behind the fence."""
        handle = super().create_task_handler(*args, **kwargs)

        def guarded(message: Any) -> Any:
            consuming.message()
            fault, payload = _fault_of(message)
            if fault is not None:
                return self._refuse(message, payload, fault)
            try:
                return handle(message)
            except self.connection_errors:
                raise
            except Exception as error:  # noqa: BLE001 - a message that we did not think of must not end the worker
                return self._refuse(message, payload, f"Celery cannot take it: {type(error).__name__}")

        return guarded

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Called for a message whose body cannot be made out."""
        self._refuse(message, None, f"it cannot be decoded: {type(exc).__name__}")

    def _refuse(self, message: Any, payload: object, why: str) -> None:
        stored = self.quarantine.call(*call_of(message.headers, payload), why)
        if not stored:
            pause(_PAUSE_S)  # it comes back at once
        if not message.acknowledged:
            message.reject_log_error(log, self.connection_errors, requeue=not stored)
        task_id = message.headers.get("id")
        if stored and isinstance(task_id, str) and self.event_dispatcher:
            self.event_dispatcher.send("task-failed", uuid=task_id, exception=f"refused: {why}")


def _fault_of(message: Any) -> tuple[str | None, object]:
    if message.headers.get("compression"):
        return "compressed", None
    try:
        payload = message.payload
    except Exception as error:  # noqa: BLE001 - codecs and serializers raise what they like
        return f"it cannot be decoded: {type(error).__name__}", None
    return task_fault(message.headers, payload), payload
