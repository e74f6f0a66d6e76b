"""Celery's lines as events of ours: those that searches and alerts ask for have names, the others are `library`."""

from __future__ import annotations

import logging
from typing import Any

from celery.app import trace
from celery.worker import strategy

from worker.logs.private import QUOTING

LIBRARY = "library"
# Its template → the event's name. Templates are Celery's constants, so that a release that changes them is noticed.
NAMES = {
    trace.LOG_RECEIVED: "task.received",
    trace.LOG_SUCCESS: "task.succeeded",
    trace.LOG_FAILURE: "task.failed",
    trace.LOG_INTERNAL_ERROR: "task.failed",
    trace.LOG_REJECTED: "task.rejected",
    trace.LOG_IGNORED: "task.ignored",
    trace.LOG_RETRY: "task.retried",
    "%s ready.": "worker.ready",
    **dict.fromkeys(QUOTING.values(), "message.thrown_away"),
}
MEANINGS = {
    "task.received": ("DEBUG", "a task's message has come to the worker"),
    "task.succeeded": ("DEBUG", "a task has ended well"),
    "task.failed": ("INFO, ERROR", "a task has failed: as it may (INFO: a wrong call, which is a dead letter), or not"),
    "task.rejected": ("WARNING", "a message goes back to the broker"),
    "task.ignored": ("INFO", "a task does not count"),
    "task.retried": ("INFO", "a task is tried again"),
    "worker.ready": ("INFO", "the worker is connected and consumes"),
    "message.thrown_away": ("ERROR", "a message that Celery cannot take"),
    LIBRARY: ("any", "any other line of a library; `logger` says whose"),
}


def event_of(record: logging.LogRecord) -> str:
    """The name of a record's event."""
    own = getattr(record, "event", None)
    return own if isinstance(own, str) else NAMES.get(str(record.msg), LIBRARY)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of a record: our own, or what Celery says of a task. Its arguments and its result are left out."""
    own = getattr(record, "fields", None)
    if isinstance(own, dict):
        return own
    data = getattr(record, "data", None)
    if not isinstance(data, dict):
        return {}
    task = {"task": data.get("name"), "task_id": data.get("id")}
    if isinstance(data.get("runtime"), (int, float)):
        task["duration_ms"] = round(data["runtime"] * 1000)
    return {name: value for name, value in task.items() if value is not None}


def quieten_tasks(level: int) -> None:
    """Each task is a line at DEBUG only: a busy worker runs many doorbells a second. Failures are told as before."""
    strategy.logger.setLevel(logging.NOTSET if level <= logging.DEBUG else logging.WARNING)
    for logger in (trace.logger, strategy.logger):
        logger.addFilter(_tasks_at_debug)


def _tasks_at_debug(record: logging.LogRecord) -> bool:
    if record.msg not in (trace.LOG_RECEIVED, trace.LOG_SUCCESS):
        return True
    record.levelno, record.levelname = logging.DEBUG, "DEBUG"
    return logging.getLogger().isEnabledFor(logging.DEBUG)
