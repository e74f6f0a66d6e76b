"""What a worker has taken and not settled, on Redis: only what is a message is given back, and only where that goes."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from celery.utils.log import get_logger
from kombu.transport import redis as kombu_redis
from kombu.utils.json import loads

from worker.admission import envelope_fault
from worker.logs import events

log = get_logger(__name__)

_OWN_TAG_CHARS = 36  # of a UUID, which kombu makes for each message
_WITHOUT_END = -1


class GuardedQoS(kombu_redis.QoS):
    """Gives back only what is a message, and only over a connection that is still there.

    A message may be settled when its connection has been lost and collected: a task ends, or its process dies, after
    the consumer has reconnected. kombu then raises an AttributeError, which ends the worker. Such a message comes back
    after the visibility timeout, as after a kill.
    """

    def append(self, message: Any, delivery_tag: Any) -> None:
        """Keeps a message until it is settled, by a tag that is its own.

        Some clients give all messages the same one (celery-ts: "celery"). Kept by that each would take the place of the
        one before, which would not come back when the worker dies.
        """
        if len(delivery_tag) != _OWN_TAG_CHARS:
            delivery_tag = str(uuid4())
            message.delivery_tag = message._raw["properties"]["delivery_tag"] = delivery_tag  # noqa: SLF001 - handed out again
        super().append(message, delivery_tag)  # type: ignore[no-untyped-call]

    def ack(self, delivery_tag: Any) -> None:
        """Takes a message off the broker."""
        if not self._is_lost():
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's signature
        """Takes a message off the broker, or puts it back into its queue."""
        if not self._is_lost():
            super().reject(delivery_tag, requeue)  # type: ignore[no-untyped-call]

    def restore_unacked(self, client: Any = None) -> None:
        """Puts everything unacknowledged back."""
        if self._is_lost():
            self._delivered.clear()
        else:
            super().restore_unacked(client)  # type: ignore[no-untyped-call]

    def restore_visible(self, *args: Any, **kwargs: Any) -> None:
        """Puts back what has been unacknowledged for too long; one worker at a time, behind a lock that runs out."""
        with self.channel.conn_or_acquire() as client:
            # kombu's own has an end; one without is another hand's, and nothing would ever be put back.
            if client.pttl(self.unacked_mutex_key) == _WITHOUT_END:
                client.delete(self.unacked_mutex_key)
                events.LOCK_REMOVED.say(log, key=self.unacked_mutex_key)
        super().restore_visible(*args, **kwargs)  # type: ignore[no-untyped-call]

    def _is_lost(self) -> bool:
        connection = self.channel.connection
        lost = connection is None or connection.client is None
        if lost:
            events.MESSAGE_UNSETTLED.say(log)
        return lost

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:  # noqa: FBT001, FBT002
        """Puts an unacknowledged message back into its queue; one that is none would stop all behind it for ever."""
        with self.channel.conn_or_acquire(client) as connected:
            stored = connected.hget(self.unacked_key, tag)
        fault = _stored_fault(stored, self.channel.most_bytes) if stored else None
        if fault is None:
            super().restore_by_tag(tag, client, leftmost)  # type: ignore[no-untyped-call]
            return
        self._remove_from_indices(tag).execute()  # type: ignore[no-untyped-call]
        self.channel.quarantine.junk(f"unacknowledged: {fault}")


def _stored_fault(stored: bytes, most: int) -> str | None:
    try:
        envelope, exchange, routing_key = loads(stored.decode())  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, AttributeError) as error:
        return f"no JSON: {type(error).__name__}"
    if not isinstance(exchange, str) or not isinstance(routing_key, str) or len(stored) > 2 * most:
        return "no exchange or no routing key, or too long"
    return envelope_fault(envelope)
