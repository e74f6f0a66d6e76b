"""The fields of log lines: each with its type in JSON and its meaning, declared once."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["string", "integer", "number"]


class Field(NamedTuple):
    """What a field holds."""

    kind: Kind
    meaning: str


# Every line has these.
COMMON = {
    "time": Field("string", "when, RFC 3339 in UTC with milliseconds"),
    "level": Field("string", "ERROR, WARNING, INFO or DEBUG"),
    "event": Field("string", "the event's name"),
    "message": Field("string", "the same for people: a sentence, then the fields"),
    "logger": Field("string", "the module that says it"),
    "process": Field("string", "MainProcess, or one of the pool: ForkPoolWorker-3"),
    "pid": Field("integer", "its process id"),
}
# Lines have these where they are known.
WHERE = {
    "worker": Field("string", "Celery's name of the worker"),
    "release": Field("string", "SENTRY_RELEASE"),
    "more": Field("integer", "how many lines of this event were left out in the last minute"),
    "traceback": Field("string", "where an error came from; values of variables are never in it"),
}
OWN = {
    "application": Field("string", "the QuickBlox application"),
    "slot": Field("string", "the slot's pseudonym: 12 hex digits that tell slots apart and name nobody"),
    "attempt": Field("integer", "which attempt in a row, from 1"),
    "verdict": Field("string", "sent, rejected, throttled, unavailable or unauthorized"),
    "outcome": Field("string", "what becomes of the slot: done, again or dead"),
    "status": Field("integer", "the HTTP status of the API's answer"),
    "request_id": Field("string", "X-Request-Id of the API's answer, for QuickBlox' support"),
    "reason": Field("string", "why, in a few words"),
    "error": Field("string", "the kind of an error, never its words: some hold addresses and passwords"),
    "duration_ms": Field("integer", "how long it took"),
    "waited_ms": Field("integer", "from the oldest receipt's recording to the PUT's start; clocks of two machines"),
    "ids": Field("integer", "how many message ids the PUT named; 0 for a whole dialog"),
    "slots": Field("integer", "how many slots"),
    "crashes": Field("integer", "how many workers the slot has outlived"),
    "processes": Field("integer", "how many processes the pool has"),
    "applications": Field("string", "the applications that are served"),
    "task": Field("string", "a task's name"),
    "task_id": Field("string", "a task's id"),
    "key": Field("string", "a key in Redis"),
    "expected": Field("string", "what it should be"),
    "found": Field("string", "what it is"),
    "exit_code": Field("integer", "with which the process ends"),
    "address": Field("string", "where it listens"),
    "port": Field("integer", "the port there"),
    "client": Field("string", "the address of who asked"),
    "asked": Field("string", "the line of a request, and the status of its answer"),
    "calls": Field("string", "what the main thread is in the middle of, the innermost call first; no values"),
    "pids": Field("string", "processes that are meant, killed where they hung"),
}
ALL = {**COMMON, **WHERE, **OWN}
