"""What leaves the worker for people to see: log lines and Sentry events, with nothing private in them."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

import sentry_sdk
from celery.worker.consumer import consumer
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.logging import ignore_logger

from settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

# Celery's and kombu's sentences about messages that they cannot take: each quotes the message → what is said instead.
_QUOTING = {
    consumer.UNKNOWN_TASK_ERROR: "a message for a task that nobody knows was thrown away",
    consumer.INVALID_TASK_ERROR: "a message that is no task was thrown away",
    consumer.UNKNOWN_FORMAT: "a message of an unknown form was thrown away",
    consumer.MESSAGE_DECODE_ERROR: "a message that cannot be decoded was thrown away",
    "Could not restore message: %r": "a message could not be given back to its queue",
    "Cannot process event on channel %r: %s": "a message to all workers that cannot be decoded was thrown away",
}


def pseudonym(slot: str) -> str:
    """A slot's name in logs and events: tells slots apart, and neither dialog nor user can be read from it."""
    return hashlib.sha256(slot.encode()).hexdigest()[:12]


def keep_messages_private() -> None:
    """Keeps the broker's messages, and with them texts and tokens, out of Celery's own log lines."""
    for name in (consumer.__name__, "kombu.transport.redis"):
        logging.getLogger(name).addFilter(_unquoted)
    # At DEBUG they write every task's arguments.
    for name in ("celery.pool", "celery.beat"):
        logging.getLogger(name).setLevel(logging.INFO)


def _unquoted(record: logging.LogRecord) -> bool:
    if record.msg in _QUOTING:
        # The error goes too: one of decoding carries the bytes.
        record.msg, record.args, record.exc_info = _QUOTING[record.msg], (), None
    return True


def start_sentry(settings: Settings) -> None:
    """Starts Sentry where a DSN is set; without one nothing is ever sent.

    Local variables stay off: they hold texts and tokens, and the SDK's scrubber does not find them there.
    """
    if settings.sentry_dsn is None:
        return
    # Its line beside its event would be a second one.
    ignore_logger("worker.alerts")
    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.sentry_environment,
        release=settings.sentry_release,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        integrations=[CeleryIntegration()],
        before_send=_without_arguments,
    )


def _without_arguments(event: Event, _hint: Hint) -> Event:
    job = event.get("extra", {}).get("celery-job")
    if isinstance(job, dict):
        event["extra"]["celery-job"] = {"task_name": job.get("task_name")}
    return event
