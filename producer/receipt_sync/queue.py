"""ReceiptQueue: a web app's or a job's door to the ledger. It needs Redis, and neither Celery nor the broker."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Never, Self

import redis
from redis.cluster import RedisCluster

from receipt_sync import calls, keys, validation
from receipt_sync.cluster import ClusterClient
from receipt_sync.connection import connect
from receipt_sync.environment import read
from receipt_sync.errors import InvalidReceipt, shown
from receipt_sync.functions import RECORD, is_missing
from receipt_sync.receipts import EditMessage, MarkDelivered, MarkRead, Receipt
from receipt_sync.sealing import TokenSeal, owner_of
from receipt_sync.tracing import trace_arguments

# One call holds up everyone else's Redis commands; this many receipts take it a few milliseconds.
_PER_CALL = 500


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
        seal: TokenSeal | None = None,
    ) -> None:
        self._redis = _client(redis_url, client, timeout_s)
        self._seal = seal or TokenSeal()
        self._prefix = keys.prefix(validation.application(application))
        self._max_text_bytes = max_text_bytes

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """A queue as the environment says.

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
        self._record(mark.wire(), trace)

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
        self._record(mark.wire(), trace)

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
            max_text_bytes=self._max_text_bytes,
        )
        self.record_many([edit], trace=trace)

    def record_many(self, receipts: Iterable[Receipt], *, trace: str | None = None) -> None:
        """Records any number of receipts in one round trip; in a cluster, in one for every 500.

        `trace` as of `mark_dialog_read`, for all of them.

        Raises:
            InvalidReceipt: one of them is not a receipt, or its text is too long here; nothing was stored.
            redis.RedisError: the ledger was not reached, or not to the end; recording all again does no harm.
        """
        batches = list(_in_batches(self._wire(receipts), trace_arguments(trace)))
        if len(batches) > 1 and not isinstance(self._redis, (ClusterClient, RedisCluster)):
            self._record_batches(batches)
            return
        # One by one in a cluster: redis-py's pipeline for clusters refuses functions.
        for batch in batches:
            RECORD.call(self._redis, self._prefix, *batch)

    def _record(self, arguments: tuple[str, ...], trace: str | None) -> None:
        RECORD.call(self._redis, self._prefix, *self._sealed(arguments), *trace_arguments(trace))

    def _wire(self, receipts: Iterable[Receipt]) -> list[tuple[str, ...]]:
        recorded_ms = time.time_ns() // 1_000_000
        return [self._sealed(self._arguments(i, receipt, recorded_ms)) for i, receipt in enumerate(receipts)]

    def _sealed(self, wire: tuple[str, ...]) -> tuple[str, ...]:
        """The arguments of record.lua with their last, the session token, sealed."""
        *rest, token = wire
        return (*rest, self._seal.seal(token, owner_of(self._prefix, wire[2]))) if token else wire

    def _arguments(self, at: int, receipt: Receipt, recorded_ms: int) -> tuple[str, ...]:
        if isinstance(receipt, EditMessage):
            validation.text(receipt.text, self._max_text_bytes)
            return receipt.wire(recorded_ms)
        if isinstance(receipt, (MarkRead, MarkDelivered)):
            return receipt.wire()
        raise InvalidReceipt(f"receipts[{at}]", shown(receipt), "MarkRead, MarkDelivered or EditMessage")

    def _record_batches(self, batches: list[list[str]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for batch in batches:
            pipeline.fcall(RECORD.name, 1, self._prefix, *batch)
        for batch, answer in zip(batches, pipeline.execute(raise_on_error=False), strict=True):
            if isinstance(answer, redis.exceptions.ResponseError) and is_missing(answer):
                RECORD.call(self._redis, self._prefix, *batch)
            elif isinstance(answer, Exception):
                raise answer

    def close(self) -> None:
        """Gives the connections back; the queue may be used again."""
        self._redis.close()


def _in_batches(wired: list[tuple[str, ...]], last: tuple[str, ...]) -> Iterator[list[str]]:
    for start in range(0, len(wired), _PER_CALL):
        yield [argument for receipt in [*wired[start : start + _PER_CALL], last] for argument in receipt]


def _client(url: str | None, client: redis.Redis | None, timeout_s: float) -> redis.Redis:
    if url is not None and client is None:
        return connect("redis_url", url, timeout_s)
    if client is not None and url is None:
        return client
    raise ValueError("ReceiptQueue needs a redis_url or a client, and not both")
