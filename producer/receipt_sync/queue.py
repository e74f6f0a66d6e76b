"""ReceiptQueue: a web app's or a job's door to the ledger. It needs Redis, and neither Celery nor the broker."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Never, Self

import redis
from redis.cluster import RedisCluster

from receipt_sync import calls, validation
from receipt_sync.cluster import ClusterClient, as_redis_error
from receipt_sync.connection import connect
from receipt_sync.core import PER_CALL, Core
from receipt_sync.environment import read
from receipt_sync.flushing import Flusher
from receipt_sync.functions import RECORD, is_missing, keyed
from receipt_sync.receipts import EditMessage, MarkDelivered, MarkRead, Receipt
from receipt_sync.sealing import TokenSeal
from receipt_sync.when_down import LocalBuffer, WhenDown, is_down


class ReceiptQueue:
    """Records receipts. When a method returns, they are in the ledger, as durable as that Redis.

    Safe to share between threads and to use after a fork.

    Args:
        redis_url: the ledger, e.g. `redis://host:6379/0`; `rediss://` for TLS, `unix://` for a socket,
            `redis+sentinel://` for Sentinels, `redis+cluster://` for a cluster (addresses.py).
        application: the QuickBlox application, as the workers' settings name it.
        timeout_s: seconds to wait for a connection, and for each answer; tried twice before `redis.TimeoutError`.
        max_text_bytes: most bytes of UTF-8 in an edit's text.
        client: a client of your own instead of `redis_url`.
        when_down: what becomes of receipts while Redis is down: None raises `redis.RedisError`; `LocalBuffer()` keeps
            them in memory, `ToBroker(app)` hands them to Celery's broker (when_down.py).
        seal: what session tokens are sealed with while they lie in Redis: `TokenSeal.from_text(keys)` (sealing.py); the
            workers need the same keys.

    Raises:
        InvalidReceipt: `application` is not a name.
        ValueError: `redis_url` is not a URL that redis-py understands, or both or none of it and `client` are given.
    """

    def __init__(
        self,
        redis_url: str | None = None,
        *,
        application: str = "default",
        timeout_s: float = 0.5,
        max_text_bytes: int = validation.MAX_TEXT_BYTES,
        client: redis.Redis | None = None,
        when_down: WhenDown | None = None,
        seal: TokenSeal | None = None,
    ) -> None:
        self._redis = _client(redis_url, client, timeout_s)
        self._core = Core(application, max_text_bytes, seal)
        self._prefix = self._core.prefix
        self._when_down = when_down
        self._flusher: Flusher | None = None
        if isinstance(when_down, LocalBuffer):
            self._flusher = Flusher(when_down, self.flush)
            # A child of a fork must not record once more what waits in its parent; and what still waits when a process
            # ends is recorded if that is possible.
            os.register_at_fork(after_in_child=_if_alive(self._begin_anew))
            atexit.register(_if_alive(self.flush))

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ, *, when_down: WhenDown | None = None) -> Self:
        """A queue as the environment says; `when_down` as above.

        `REDIS_URL` (or `REDIS_URL_FILE`, a file that holds it), `RECEIPTS_APPLICATION` ("default"),
        `RECEIPTS_MAX_TEXT_BYTES` (65536), `RECEIPTS_REDIS_TIMEOUT_S` (0.5), `REDIS_CA_FILE` (the authority that a
        `rediss://` server is checked with, else those that the machine trusts) and `RECEIPTS_TOKEN_KEYS` (or `_FILE`).

        Raises:
            ValueError: a variable is missing or wrong; the message names it.
            ImportError: there are token keys, and the package cryptography is missing.
        """
        given = read(environ)
        return cls(
            client=connect(given.redis_url_from, given.redis_url, given.timeout_s),
            application=given.application,
            max_text_bytes=given.max_text_bytes,
            when_down=when_down,
            seal=given.seal,
        )

    def mark_dialog_read(
        self,
        dialog_id: str,
        *,
        user_id: int | None = None,
        token: str | None = None,
        message_ids: Iterable[str] | None = None,
        up_to: str | None = None,
        trace: str | None = None,
        **unknown: Never,
    ) -> None:
        """Records that a user has read a dialog, or some of its messages; the arguments are those of `MarkRead`.

        `trace` is the W3C `traceparent` that the PUT is linked to (tracing.py); None for that of the span that runs.

        Raises:
            InvalidReceipt: an argument is wrong; nothing was stored.
            redis.RedisError: the ledger was not reached; recording again does no harm.
        """
        calls.refuse_unknown(unknown, calls.PARAMETERS[calls.READ])
        mark = MarkRead(dialog_id=dialog_id, user_id=user_id, token=token, message_ids=message_ids, up_to=up_to)
        self._record(mark, trace)

    def mark_dialog_delivered(
        self,
        dialog_id: str,
        *,
        user_id: int | None = None,
        token: str | None = None,
        message_ids: Iterable[str] | None = None,
        up_to: str | None = None,
        trace: str | None = None,
        **unknown: Never,
    ) -> None:
        """Records that a user has received a dialog's messages, or some; the arguments are those of `MarkDelivered`.

        `trace` as of `mark_dialog_read`.

        Raises:
            InvalidReceipt: an argument is wrong; nothing was stored.
            redis.RedisError: the ledger was not reached; recording again does no harm.
        """
        calls.refuse_unknown(unknown, calls.PARAMETERS[calls.DELIVERED])
        mark = MarkDelivered(dialog_id=dialog_id, user_id=user_id, token=token, message_ids=message_ids, up_to=up_to)
        self._record(mark, trace)

    def edit_message(
        self,
        dialog_id: str,
        message_id: str,
        text: str,
        *,
        user_id: int | None = None,
        token: str | None = None,
        revision: int | None = None,
        trace: str | None = None,
        **unknown: Never,
    ) -> None:
        """Records that a message now says `text`; the arguments are those of `EditMessage`.

        `trace` as of `mark_dialog_read`.

        Raises:
            InvalidReceipt: an argument is wrong; nothing was stored.
            redis.RedisError: the ledger was not reached; recording again does no harm.
        """
        calls.refuse_unknown(unknown, calls.PARAMETERS[calls.EDIT])
        edit = EditMessage(
            dialog_id=dialog_id,
            message_id=message_id,
            text=text,
            user_id=user_id,
            token=token,
            revision=revision,
            max_text_bytes=self._core.max_text_bytes,
        )
        self.record_many([edit], trace=trace)

    def record_many(self, receipts: Iterable[Receipt], *, trace: str | None = None) -> None:
        """Records any number of receipts in one round trip; in a cluster, in one for every 500.

        `trace` as of `mark_dialog_read`, for all of them.

        Raises:
            InvalidReceipt: one of them is not a receipt, or its text is too long here; nothing was stored.
            redis.RedisError: the ledger was not reached, or not to the end; recording all again does no harm.
        """
        if self._when_down is None:
            self._send(self._core.batches(receipts, trace))
        else:
            self._send_or_keep(self._core.dated(receipts), trace)

    def flush(self) -> int:
        """Records what waits in the buffer for Redis to be back, as far as it goes; answers how many still wait.

        Raises:
            redis.RedisError: Redis is there and refuses some of it (a damaged slot, a missing right): that stays.
        """
        buffer = self._when_down
        if not isinstance(buffer, LocalBuffer):
            return 0
        with buffer.flushing:
            turns, said = buffer.in_turn(PER_CALL), None
            while True:
                try:
                    waiting = turns.send(said)
                except StopIteration as ended:
                    if ended.value is not None:
                        raise ended.value from None
                    return len(buffer)
                said = self._attempt(waiting)

    def _attempt(self, waiting: list[Receipt]) -> redis.RedisError | None:
        try:
            self._send(self._core.batches(waiting, None))
        except redis.RedisError as error:
            return error
        return None

    def close(self) -> None:
        """Records what still waits if Redis is there, and gives the connections back; the queue may be used again.

        Raises:
            redis.RedisError: as of `flush`; the connections are given back all the same.
        """
        if self._flusher is not None:
            self._flusher.stop()
        try:
            self.flush()
        finally:
            self._redis.close()

    def _record(self, mark: MarkRead | MarkDelivered, trace: str | None) -> None:
        if self._when_down is None:
            as_redis_error(partial(RECORD.call, self._redis, self._prefix, *self._core.one(mark, trace)))
        else:
            self._send_or_keep([mark], trace)

    def _send_or_keep(self, receipts: list[Receipt], trace: str | None) -> None:
        down: redis.RedisError = redis.ConnectionError("Redis was not reached a moment ago")
        if not (isinstance(self._when_down, LocalBuffer) and self._when_down.rests):
            try:
                self._send(self._core.batches(receipts, trace))
            except redis.RedisError as error:
                if not is_down(error):
                    raise
                down = error
            else:
                return
        if self._when_down is None or not self._when_down.keep(self._core.application, receipts):
            raise down
        if isinstance(self._when_down, LocalBuffer) and self._flusher is not None:
            self._when_down.failed()
            self._flusher.start()

    def _begin_anew(self) -> None:
        if isinstance(self._when_down, LocalBuffer) and self._flusher is not None:
            self._when_down.forget()
            self._flusher.begin_anew()

    def _send(self, batches: list[list[str]]) -> None:
        if len(batches) > 1 and not isinstance(self._redis, (ClusterClient, RedisCluster)):
            self._send_batches(batches)
            return
        # One by one in a cluster: redis-py's pipeline for clusters refuses functions.
        for batch in batches:
            as_redis_error(partial(RECORD.call, self._redis, self._prefix, *batch))

    def _send_batches(self, batches: list[list[str]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for batch in batches:
            pipeline.fcall(RECORD.name, *keyed(self._prefix), *batch)
        for batch, answer in zip(batches, pipeline.execute(raise_on_error=False), strict=True):
            if isinstance(answer, redis.exceptions.ResponseError) and is_missing(answer):
                RECORD.call(self._redis, self._prefix, *batch)
            elif isinstance(answer, Exception):
                raise answer


def _if_alive(method: Callable[[], object]) -> Callable[[], None]:
    """Calls a queue's method, unless the queue is gone: neither of the registers can be left."""
    reference = weakref.WeakMethod(method)

    def call() -> None:
        alive = reference()
        if alive is not None:
            alive()

    return call


def _client(url: str | None, client: redis.Redis | None, timeout_s: float) -> redis.Redis:
    if url is not None and client is None:
        return connect("redis_url", url, timeout_s)
    if client is not None and url is None:
        return client
    raise ValueError("ReceiptQueue needs a redis_url or a client, and not both")
