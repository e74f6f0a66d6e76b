"""Repetition: the same event at most so often a minute in one process; then one line says how many more there were.

An outage makes each of ten thousand PUTs a line, and the disk full. Lines at DEBUG are let through: who asks for them
wants each.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from worker.logs.celery_lines import LIBRARY, event_of

WINDOW_S = 60.0


@dataclass(slots=True)
class _Window:
    """One event's last minute."""

    since_s: float
    said: int = 0
    more: int = 0
    last: logging.LogRecord | None = None


class Repetition(logging.Filter):
    """Lets through at most `most` lines of an event within `WINDOW_S`, and tells the rest as one line.

    Args:
        most: lines of one event.
        tell: writes the line that sums up; it does not come by here again.
        window_s: for the tests.
    """

    def __init__(self, most: int, tell: Callable[[logging.LogRecord], object], window_s: float = WINDOW_S) -> None:
        super().__init__()
        self._most, self._tell, self._window_s = most, tell, window_s
        self._windows: dict[tuple[str, str], _Window] = {}
        self._lock = threading.RLock()
        # A child would tell its parent's rest a second time.
        os.register_at_fork(after_in_child=self._begin_anew)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        if record.levelno <= logging.DEBUG:
            return True
        with self._lock:
            window = self._window(_kind(record))
            if window.said < self._most:
                window.said += 1
                return True
            if window.more == 0:
                self._tell_later(window)
            window.more += 1
            window.last = record
        return False

    def tell_all(self) -> None:
        """Tells every rest now: the process ends."""
        with self._lock:
            windows = list(self._windows.values())
        for window in windows:
            self._tell_rest(window)

    def _window(self, kind: tuple[str, str]) -> _Window:
        now_s = time.monotonic()
        window = self._windows.get(kind)
        if window is None or now_s - window.since_s >= self._window_s:
            window = self._windows[kind] = _Window(now_s)
        return window

    def _tell_later(self, window: _Window) -> None:
        timer = threading.Timer(self._window_s - (time.monotonic() - window.since_s), self._tell_rest, [window])
        timer.daemon = True
        timer.start()

    def _tell_rest(self, window: _Window) -> None:
        with self._lock:
            last, more, window.more, window.last = window.last, window.more, 0, None
        if last is not None:
            self._tell(_summary(last, more))

    def _begin_anew(self) -> None:
        self._windows, self._lock = {}, threading.RLock()


def _kind(record: logging.LogRecord) -> tuple[str, str]:
    """An event of an application; a library's line by its template."""
    event = event_of(record)
    if event == LIBRARY:
        return record.name, str(record.msg)
    return event, str(getattr(record, "fields", {}).get("application", ""))


def _summary(last: logging.LogRecord, more: int) -> logging.LogRecord:
    """Made of the last line: its event, level and application; what the others said is gone."""
    fields = getattr(last, "fields", {})
    kept = {"more": more} | {name: fields[name] for name in ("application",) if name in fields}
    made: dict[str, object] = {
        "name": last.name,
        "levelno": last.levelno,
        "levelname": last.levelname,
        "msg": f"and {more:,} more within a minute: {last.getMessage()[:200]}",
        "args": (),
        "event": event_of(last),
        "fields": kept,
    }
    return logging.makeLogRecord(made)
