"""What must not stand in a log line: the broker's messages, and with them texts and tokens; and whose slot it is."""

from __future__ import annotations

import hashlib
import logging

from celery.worker.consumer import consumer

# Celery's and kombu's sentences about messages that they cannot take: each quotes the message → what is said instead.
QUOTING = {
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
    if record.msg in QUOTING:
        # The error goes too: one of decoding carries the bytes.
        record.msg, record.args, record.exc_info = QUOTING[record.msg], (), None
    return True
