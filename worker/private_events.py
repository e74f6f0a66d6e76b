"""The last look at what goes to Sentry: nothing private, and nothing twice.

What may pass is listed; the rest is left out, whatever a later SDK may add to it. The words of foreign exceptions and
the arguments of foreign log lines are not told: they quote what they failed on. What is left says which error it is
and where it was raised.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

NOT_TOLD = "(not told: it may quote a receipt)"

_CONTEXTS = ("trace", "dead letter", "receipts")
_OF_NOBODY = ("request", "user", "breadcrumbs", "extra")
_OURS = ("worker.", "tasks.", "receipt_sync.", "settings.")
# Their words name an address and what the network said, or a signal.
_HARMLESS = (
    "redis.exceptions.ConnectionError",
    "redis.exceptions.TimeoutError",
    "kombu.exceptions.OperationalError",
    "billiard.exceptions.WorkerLostError",
)
_SPAN_OPS = ("queue.", "receipts.")
_TWICE_S = 300.0
_REMEMBERED = 1000

_last_told_s: dict[Hashable, float] = {}


def before_send(event: Event, hint: Hint) -> Event | None:
    """An error's event without anything private; None where the same was told a moment ago by this process."""
    if _is_told(_same(hint)):
        return None
    whole: Any = event
    for exception in whole.get("exception", {}).get("values", ()):
        exception["value"] = _words(exception)
        exception.get("mechanism", {}).pop("data", None)
    logged = whole.get("logentry")
    if logged and not _is_ours(f"{whole.get('logger')}."):
        whole["logentry"] = {"message": logged["message"]}
    if _lost_process(hint):
        whole["fingerprint"] = ["process lost"]
    _leave_out(whole)
    return event


def before_send_transaction(event: Event, _hint: Hint) -> Event:
    """A transaction without anything private, and with links where Sentry looks for them.

    The SDK has no call for links (2.75); Sentry's protocol has a place for them, in the context of the trace.
    """
    whole: Any = event
    links = whole.get("contexts", {}).get("receipts", {}).pop("links", None)
    if links:
        whole["contexts"]["trace"]["links"] = links
    whole["spans"] = [span for span in whole.get("spans", ()) if str(span.get("op")).startswith(_SPAN_OPS)]
    _leave_out(whole)
    return event


def _leave_out(whole: dict[str, Any]) -> None:
    job = whole.get("extra", {}).get("celery-job")
    for name in _OF_NOBODY:
        whole.pop(name, None)
    if isinstance(job, dict):
        whole["extra"] = {"celery-job": {"task_name": job.get("task_name")}}
    contexts = whole.get("contexts", {})
    whole["contexts"] = {name: contexts[name] for name in _CONTEXTS if name in contexts}


def _words(exception: dict[str, Any]) -> str:
    """What an exception said, where nobody else's data can be in it."""
    name = f"{exception.get('module')}.{exception.get('type')}"
    return str(exception.get("value")) if name in _HARMLESS else NOT_TOLD


def _is_ours(name: str) -> bool:
    return name.startswith(_OURS)


def _lost_process(hint: Hint) -> bool:
    error = (hint.get("exc_info") or (None,))[0]
    return error is not None and error.__name__ == "WorkerLostError"


def _same(hint: Hint) -> Hashable:
    """What makes two events the same: a log line's words before they are filled in, or an error and its place.

    A line that names its application is another one for each: two whose keys are refused are two troubles.
    """
    record = hint.get("log_record")
    if isinstance(record, logging.LogRecord):
        fields = getattr(record, "fields", None)
        application = str(fields.get("application")) if isinstance(fields, dict) else None
        return record.name, str(record.msg), application
    error, _, traceback = hint.get("exc_info") or (None, None, None)
    if error is None:
        return None
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return error, traceback and (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)


def _is_told(same: Hashable) -> bool:
    if same is None:
        return False
    now_s = time.monotonic()
    if now_s - _last_told_s.get(same, -_TWICE_S) < _TWICE_S:
        return True
    if len(_last_told_s) >= _REMEMBERED:
        _last_told_s.clear()
    _last_told_s[same] = now_s
    return False
