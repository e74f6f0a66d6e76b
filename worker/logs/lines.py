"""A record as a line: JSON for machines, a sentence for people.

`logging` with formatters of our own: there are two of them, shorter than the configuration that a library for it would
need (docs/decisions/0034).
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from worker.logs.celery_lines import event_of, fields_of

_LEVELS = ((logging.ERROR, "ERROR"), (logging.WARNING, "WARNING"), (logging.INFO, "INFO"))
_COLOURS = {"ERROR": "31;1", "WARNING": "33", "DEBUG": "2"}


def level_of(record: logging.LogRecord) -> str:
    """One of four: what a library calls critical is an error."""
    return next((name for number, name in _LEVELS if record.levelno >= number), "DEBUG")


def plain(text: str) -> str:
    """On one line: what cannot be printed is escaped, so that nobody writes lines of his own or moves the cursor."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class JsonLines(logging.Formatter):
    """One JSON object for each record; docs/log-line.schema.json says what it may hold.

    Args:
        everywhere: fields of every line of this process: its worker, its release.
    """

    def __init__(self, everywhere: dict[str, str]) -> None:
        super().__init__()
        self._everywhere = everywhere

    def format(self, record: logging.LogRecord) -> str:
        """The line, in ASCII and without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": level_of(record),
            "event": event_of(record),
            "message": record.getMessage(),
            **fields_of(record),
            "logger": record.name,
            "process": record.processName or "",
            "pid": record.process or 0,
            **self._everywhere,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        # A value that JSON does not know is a bug of ours; its line is worth more than its type.
        return json.dumps(line, default=str)


class HumanLines(logging.Formatter):
    """`21:05:53.123 WARNING ForkPoolWorker-1 lease ran out: application=default …`, in colour where it can be seen."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """The line without its end; a traceback follows on lines of its own."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        level = level_of(record)
        line = f"{at}.{record.msecs:03.0f} {level:<7} {record.processName} {plain(record.getMessage())}"
        if self._colour and level in _COLOURS:
            line = f"\x1b[{_COLOURS[level]}m{line}\x1b[0m"
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            line += "".join(f"\n    {plain(each)}" for each in trace.splitlines())
        return line
