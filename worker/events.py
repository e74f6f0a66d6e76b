"""Events for Flower beside Celery's own: of PUTs that were not accepted, of receipts that died, of outages.

Celery's events tell of tasks, and a sync is one task for many PUTs. These are published as events of tasks that nobody
runs, so that any Flower shows them. They are a window, not the ledger: a thread of its own publishes them, started by
the first, so that a broker that is away holds up no receipt and a healthy worker pays nothing; what does not fit is
left out, and counted (docs/decisions/0028).
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from typing import Any, NamedTuple

from celery import Celery, current_app, signals

from worker.logs import events as log_events

log = logging.getLogger(__name__)

# Some seconds of an application whose every call fails, at a usual rate.
_MOST = 1000
# What comes within it is one message to the broker.
_GATHER_S = 0.05
_AGAIN_S = 1.0


class Event(NamedTuple):
    """One event: its type, as Celery has it (`task-failed`), and its fields."""

    type: str
    fields: dict[str, Any]


class Events:
    """What waits to be published by this process.

    Attributes:
        hostname: the worker's name; '' in any other process, where nothing is told.
        left_out: events that did not fit.
    """

    def __init__(self) -> None:
        self.hostname = ""
        self.begin_anew()

    def begin_anew(self) -> None:
        """Called in a process that has just been forked: neither threads nor what others wait for cross a fork."""
        self.left_out = 0
        self._waiting: deque[Event] = deque()
        self._changed = threading.Condition()
        self._is_publishing = False
        self._failing = False
        self._thread: threading.Thread | None = None

    def tell(self, *events: Event) -> None:
        """Publishes events soon, or never; does not wait and raises nothing."""
        if not self.hostname or not events:
            return
        with self._changed:
            room = max(0, _MOST - len(self._waiting))
            self.left_out += max(0, len(events) - room)
            self._waiting.extend(events[:room])
            if self._thread is None:
                self._thread = threading.Thread(target=self._publish_for_ever, name="events", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait_until_told(self, most_s: float) -> bool:
        """Waits until all is published, at most so long; False: it is not."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_publishing, most_s)

    def _publish_for_ever(self) -> None:
        app = current_app._get_current_object()  # noqa: SLF001 - Celery's way to the application itself
        while True:
            try:
                with app.connection_for_write() as connection:
                    self._publish_over(app, connection)
            except Exception as error:  # noqa: BLE001 - brokers raise what they like, and nobody would start it again
                if not self._failing:
                    log_events.FLOWER_EVENTS_LOST.say(log, error=type(error).__name__)
                self._failing = True
                self._end_batch()
                threading.Event().wait(_AGAIN_S)

    def _publish_over(self, app: Celery, connection: Any) -> None:
        dispatcher = app.events.Dispatcher(
            connection,
            hostname=self.hostname,
            buffer_while_offline=False,
            buffer_group={"task"},
            buffer_limit=2 * _MOST,
        )
        while True:
            for type_, fields in self._take():
                dispatcher.send(type_, **fields)
            dispatcher.flush(errors=False)
            self._failing = False
            self._end_batch()

    def _take(self) -> list[Event]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            self._changed.wait_for(lambda: len(self._waiting) >= _MOST, _GATHER_S)
            batch = list(self._waiting)
            self._waiting.clear()
            self._is_publishing = True
        return batch

    def _end_batch(self) -> None:
        with self._changed:
            self._is_publishing = False
            self._changed.notify_all()


events = Events()
os.register_at_fork(after_in_child=events.begin_anew)


@signals.celeryd_after_setup.connect(weak=False)
def _is_worker(sender: str, **_: object) -> None:
    events.hostname = sender
