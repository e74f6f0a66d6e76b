"""The broker, guarded: nothing that lies in its queues ends the worker or comes back for ever.

Two fences. `ChannelGuard` stands before kombu, on Redis alone, where a queue is a list into which anybody can push
bytes; the price is that an envelope's JSON is read twice. `GuardedConsumer` stands before Celery, on every broker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import uuid4

from celery import Celery
from celery.utils.log import get_logger
from celery.worker.consumer import Consumer
from kombu import transport as kombu_transports
from kombu.exceptions import OperationalError
from kombu.transport import redis as kombu_redis
from kombu.utils.json import loads
from redis import ResponseError

from worker.admission import envelope_fault, item_fault, task_fault
from worker.broker import ANSWER_TIMEOUT_S
from worker.dead_watches import forget_dead_watches
from worker.health.seeing import consuming
from worker.lifecycle import pause
from worker.logs import events
from worker.quarantine import Quarantine, call_of

log = get_logger(__name__)

_PAUSE_S = 1.0
_EVENTS_GATHER_S = 0.05
_OWN_TAG_CHARS = 36  # of a UUID, which kombu makes for each message
_WITHOUT_END = -1
_TABLE_COLUMNS = 3  # routing key, pattern, queue
# KEYS  a key of the broker's; where to put it. ARGV  the type it should have. Answers the type that it had.
# One step: all workers are refused at once, and a second one would rename the good key that came after the first.
_SET_ASIDE = """
local found = redis.call('TYPE', KEYS[1]).ok
if found ~= ARGV[1] and found ~= 'none' then redis.call('RENAME', KEYS[1], KEYS[2]) end
return found
"""


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


class ChannelGuard:
    """What a Redis channel of kombu's must not be given; mixed in before it."""

    QoS = GuardedQoS
    quarantine: Quarantine
    most_bytes: int
    _kept: Any = None
    # What kombu's channel, behind this class, brings.
    unacked_key: str
    unacked_index_key: str
    keyprefix_queue: str
    keyprefix_binding_permanent: str
    keyprefix_binding_deadlines: str
    priority_steps: list[int]
    pool: Any
    conn_or_acquire: Callable[[], Any]
    _q_for_pri: Callable[[str, int], str]

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's signature
        if not asynchronous:
            return self._kept_client()
        client = super()._create_client(asynchronous)  # type: ignore[misc]
        client.parse_response = self._only_messages(client.parse_response)
        client.pubsub = _impatient(client.pubsub)
        return client

    def _kept_client(self) -> Any:
        """One client for all commands: kombu makes one for each, which costs a fifth of a doorbell (decision 24)."""
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()  # type: ignore[misc]
        return self._kept

    def _only_messages(self, parse: Callable[..., Any]) -> Callable[..., Any]:
        def parsed(connection: Any, command: str, **options: Any) -> Any:
            answer = parse(connection, command, **options)
            if command != "BRPOP" or not answer:
                return answer
            consuming.message()
            fault = item_fault(answer[1], self.most_bytes)
            if fault is None:
                return answer
            self.quarantine.item(answer[1], fault)
            return None  # as if nothing had come: the next poll asks again

        return parsed

    def _deliver_fanout_message(self, message: object, exchange: str) -> Any:
        fault = envelope_fault(message)
        if fault is None:
            return super()._deliver_fanout_message(message, exchange)  # type: ignore[misc]
        self.quarantine.junk(f"to all workers: {fault}")
        return True

    def set_aside_other_types(self, queues: Iterable[str]) -> None:
        """Renames what stands where a queue, or what is unacknowledged, should be: BRPOP would refuse for ever."""
        kinds = {self.unacked_key: "hash", self.unacked_index_key: "zset"}
        for queue in queues:
            kinds |= {self._q_for_pri(queue, priority): "list" for priority in self.priority_steps}
        self._set_aside(kinds)

    def _set_aside_bindings(self, exchange: str) -> None:
        tables = (self.keyprefix_queue % exchange, self.keyprefix_binding_permanent % exchange)
        self._set_aside({self.keyprefix_binding_deadlines: "zset"} | dict.fromkeys(tables, "set"))

    def _set_aside(self, kinds: dict[str, str]) -> None:
        with self.conn_or_acquire() as client:
            for key, kind in kinds.items():
                found = client.eval(_SET_ASIDE, 2, key, f"{key}:broken", kind).decode()
                if found not in {kind, "none"}:
                    events.KEY_SET_ASIDE.say(log, key=key, expected=kind, found=found)

    def _queue_bind(self, exchange: str, *args: Any) -> None:
        """Every connection that declares a queue binds it, those of control messages too; refused, it would loop."""
        try:
            super()._queue_bind(exchange, *args)  # type: ignore[misc]
        except ResponseError:
            self._set_aside_bindings(exchange)
            super()._queue_bind(exchange, *args)  # type: ignore[misc]

    def get_table(self, exchange: str) -> list[tuple[str, ...]]:
        """The bindings of an exchange that are bindings."""
        table: list[tuple[str, ...]] = super().get_table(exchange)  # type: ignore[misc]
        return [row for row in table if len(row) == _TABLE_COLUMNS]


def _impatient(make: Callable[..., Any]) -> Callable[..., Any]:
    """Subscriptions that wait for a message no longer than for any answer.

    kombu reads one where its socket was said to be readable, and redis-py then waits without an end. When the
    connection was opened anew since, behind a network that has fallen silent, that stops the worker's event loop.
    """

    def made(*args: Any, **kwargs: Any) -> Any:
        subscription = make(*args, **kwargs)
        subscription.parse_response = partial(subscription.parse_response, block=False, timeout=ANSWER_TIMEOUT_S)
        return subscription

    return made


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


def guard(app: Celery, quarantine: Quarantine, most_bytes: int) -> None:
    """Puts the fences up for this process: in Celery's options, and in kombu's table of transports."""
    held = {"quarantine": quarantine, "most_bytes": most_bytes}
    app.conf.worker_consumer = type("Consumer", (GuardedConsumer,), {"quarantine": quarantine})
    plain = _guarded(kombu_redis.Transport, held)
    by_sentinel = _guarded(kombu_redis.SentinelTransport, held)
    for name in ("redis", "rediss", "sentinel"):
        kombu_transports._transport_cache.pop(name, None)  # noqa: SLF001 - a name that was looked up stays resolved
    aliases: Any = kombu_transports.TRANSPORT_ALIASES  # annotated as names alone; classes are taken as well
    aliases.update(redis=lambda: plain, rediss=lambda: plain, sentinel=lambda: by_sentinel)


def _guarded(transport: Any, held: dict[str, Any]) -> Any:
    channel = type("Channel", (ChannelGuard, transport.Channel), held)
    return type("Transport", (transport,), {"Channel": channel})
