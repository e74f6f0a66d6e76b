"""Probing: whether Redis and broker answer, over connections of their own; and whether messages wait there.

In a thread of its own, for a server that does not answer takes its time. What it said last is forgotten when it is
older than a few probes: then nobody knows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import redis
from amqp.exceptions import ChannelError
from celery import Celery
from kombu.connection import Connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from receipt_sync.connection import client_of
from settings import Settings
from worker.health.seeing import Probed, consuming

_TIMEOUT_S = 2.0
_NOT_FOUND = "404"  # as a number or a word, after the transport
# py-amqp's names; other transports have their own, or none.
_AMQP_TIMEOUTS = {"read_timeout": _TIMEOUT_S, "write_timeout": _TIMEOUT_S}
_REDIS_TIMEOUTS = {"socket_timeout": _TIMEOUT_S, "socket_connect_timeout": _TIMEOUT_S}


class Probe(threading.Thread):
    """Asks both servers again and again until `end`."""

    def __init__(self, app: Celery, settings: Settings, every_s: float) -> None:
        super().__init__(name="health-probe", daemon=True)
        self._app, self._every_s = app, every_s
        once = Retry(NoBackoff(), 0)
        self._redis = client_of(settings.redis_url, timeout_s=_TIMEOUT_S, retry=once)
        self._connection: Connection | None = None
        self._channel: Any = None
        self._ended = threading.Event()
        self._said = Probed()
        self._at_s = 0.0

    @property
    def said(self) -> Probed:
        """What the servers said."""
        too_old = time.monotonic() - self._at_s > 2 * self._every_s + 4 * _TIMEOUT_S
        return Probed() if too_old else self._said

    def end(self) -> None:
        """Ends the thread after the probe that is under way."""
        self._ended.set()

    def run(self) -> None:
        """Probes until `end`."""
        while not self._ended.is_set():
            redis_answers = self._redis_answers()
            waiting = self._waiting(consuming.queues)
            self._said = Probed(redis_answers, waiting is not None, waiting)
            self._at_s = time.monotonic()
            self._ended.wait(self._every_s)
        self._drop()
        self._redis.close()

    def _redis_answers(self) -> bool:
        try:
            return bool(self._redis.ping())
        except redis.RedisError:
            return False

    def _waiting(self, queues: Iterable[str]) -> int | None:
        """Messages in these queues; None where the broker does not answer."""
        try:
            return sum(self._length(queue) for queue in queues)
        except Exception:  # noqa: BLE001 - brokers raise what they like; what it means is that it does not answer
            self._drop()
            return None

    def _length(self, queue: str) -> int:
        channel = self._channel = self._channel or self._open()
        try:
            return int(channel.queue_declare(queue, passive=True).message_count)
        except ChannelError as error:
            # On Redis a queue without messages is none. With AMQP the channel is closed by that answer.
            if str(error.reply_code) != _NOT_FOUND:
                raise
            if self._is_amqp():
                self._drop()
            return 0

    def _open(self) -> Any:
        """One channel for all queues and probes: on Redis each has connections of its own."""
        self._connection = self._app.connection_for_read()
        more = _AMQP_TIMEOUTS if self._is_amqp() else _REDIS_TIMEOUTS
        self._connection.transport_options = {**(self._connection.transport_options or {}), **more}
        return self._connection.channel()

    def _is_amqp(self) -> bool:
        return self._connection is not None and self._connection.transport.driver_type == "amqp"

    def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(Exception):  # it is given up in any case
                connection.collect(_TIMEOUT_S)  # type: ignore[no-untyped-call]
