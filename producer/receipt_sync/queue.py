"""ReceiptQueue: a web app's or a job's door to the ledger. It needs Redis, and neither Celery nor the broker."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Never, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from receipt_sync import calls, keys, validation
from receipt_sync.errors import InvalidReceipt, shown
from receipt_sync.receipts import EditMessage, MarkDelivered, MarkRead, Receipt
from receipt_sync.scripts import Script, record_source

# One script run holds up everyone else's Redis commands; this many receipts take it a few milliseconds.
_PER_SCRIPT = 500
_RECORD = Script(record_source())


class ReceiptQueue:
    """Records receipts. When a method returns, they are in the ledger, as durable as that Redis.

    Safe to share between threads and to use after a fork.

    Args:
        redis_url: the ledger, e.g. `redis://host:6379/0`; `rediss://` for TLS, `unix://` for a socket.
        application: the QuickBlox application, as the workers' settings name it.
        timeout_s: seconds to wait for a connection, and for each answer, before `redis.TimeoutError`.
        max_text_bytes: most bytes of UTF-8 in an edit's text.
        client: a client of your own instead of `redis_url`.

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
    ) -> None:
        self._redis = _client(redis_url, client, timeout_s)
        self._prefix = keys.prefix(validation.application(application))
        self._max_text_bytes = max_text_bytes

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """A queue as the environment says.

        `REDIS_URL` (or `REDIS_URL_FILE`, a file that holds it), `RECEIPTS_APPLICATION` ("default"),
        `RECEIPTS_MAX_TEXT_BYTES` (65536) and `RECEIPTS_REDIS_TIMEOUT_S` (0.5).

        Raises:
            ValueError: a variable is missing or wrong; the message names it.
        """
        return cls(
            client=_connect(*_redis_url(environ), _number(environ, "RECEIPTS_REDIS_TIMEOUT_S", 0.5)),
            application=_application(environ),
            max_text_bytes=_whole_number(environ, "RECEIPTS_MAX_TEXT_BYTES", validation.MAX_TEXT_BYTES),
        )

    def mark_dialog_read(
        self,
        dialog_id: str,
        *,
        user_id: int | None = None,
        token: str | None = None,
        message_ids: Iterable[str] | None = None,
        up_to: str | None = None,
        **unknown: Never,
    ) -> None:
        """Records that a user has read a dialog, or some of its messages; the arguments are those of `MarkRead`.

        Raises:
            InvalidReceipt: an argument is wrong; nothing was stored.
            redis.RedisError: the ledger was not reached; recording again does no harm.
        """
        calls.refuse_unknown(unknown, calls.PARAMETERS[calls.READ])
        self.record_many(
            [MarkRead(dialog_id=dialog_id, user_id=user_id, token=token, message_ids=message_ids, up_to=up_to)]
        )

    def mark_dialog_delivered(
        self,
        dialog_id: str,
        *,
        user_id: int | None = None,
        token: str | None = None,
        message_ids: Iterable[str] | None = None,
        up_to: str | None = None,
        **unknown: Never,
    ) -> None:
        """Records that a user has received a dialog's messages, or some; the arguments are those of `MarkDelivered`.

        Raises:
            InvalidReceipt: an argument is wrong; nothing was stored.
            redis.RedisError: the ledger was not reached; recording again does no harm.
        """
        calls.refuse_unknown(unknown, calls.PARAMETERS[calls.DELIVERED])
        self.record_many(
            [MarkDelivered(dialog_id=dialog_id, user_id=user_id, token=token, message_ids=message_ids, up_to=up_to)]
        )

    def edit_message(
        self,
        dialog_id: str,
        message_id: str,
        text: str,
        *,
        user_id: int | None = None,
        token: str | None = None,
        revision: int | None = None,
        **unknown: Never,
    ) -> None:
        """Records that a message now says `text`; the arguments are those of `EditMessage`.

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
        self.record_many([edit])

    def record_many(self, receipts: Iterable[Receipt]) -> None:
        """Records any number of receipts in one round trip.

        Raises:
            InvalidReceipt: one of them is not a receipt, or its text is too long here; nothing was stored.
            redis.RedisError: the ledger was not reached, or not to the end; recording all again does no harm.
        """
        batches = list(_in_batches(self._wire(receipts)))
        if len(batches) == 1:
            _RECORD.call(self._redis, self._prefix, *batches[0])
        elif batches:
            self._record_batches(batches)

    def _wire(self, receipts: Iterable[Receipt]) -> list[tuple[str, ...]]:
        recorded_ms = time.time_ns() // 1_000_000
        return [self._arguments(i, receipt, recorded_ms) for i, receipt in enumerate(receipts)]

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
            pipeline.evalsha(_RECORD.digest, 1, self._prefix, *batch)
        for batch, answer in zip(batches, pipeline.execute(raise_on_error=False), strict=True):
            if isinstance(answer, redis.exceptions.NoScriptError):
                _RECORD.call(self._redis, self._prefix, *batch)
            elif isinstance(answer, Exception):
                raise answer

    def close(self) -> None:
        """Gives the connections back; the queue may be used again."""
        self._redis.close()


def _in_batches(wired: list[tuple[str, ...]]) -> Iterator[list[str]]:
    for start in range(0, len(wired), _PER_SCRIPT):
        yield [argument for receipt in wired[start : start + _PER_SCRIPT] for argument in receipt]


def _client(url: str | None, client: redis.Redis | None, timeout_s: float) -> redis.Redis:
    if url is not None and client is None:
        return _connect("redis_url", url, timeout_s)
    if client is not None and url is None:
        return client
    raise ValueError("ReceiptQueue needs a redis_url or a client, and not both")


def _connect(said_in: str, url: str, timeout_s: float) -> redis.Redis:
    try:
        # One retry, at once: a connection of the pool that the server has closed since is replaced.
        return redis.Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 1),
            health_check_interval=0,
        )
    except ValueError:
        # Not the reason in redis-py's words: they can quote the URL's password.
        raise ValueError(f"{said_in}: expected redis://, rediss:// or unix:// with an address, got another") from None


def _redis_url(environ: Mapping[str, str]) -> tuple[str, str]:
    """The variable and the URL that it gives."""
    url, path = environ.get("REDIS_URL"), environ.get("REDIS_URL_FILE")
    if url and path:
        raise ValueError("REDIS_URL and REDIS_URL_FILE are both set: expected one of them")
    if path:
        try:
            return "REDIS_URL_FILE", Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise ValueError(f"REDIS_URL_FILE: expected a readable file, got {error.strerror}") from error
        except UnicodeDecodeError:
            raise ValueError("REDIS_URL_FILE: expected a file in UTF-8, got another") from None
    if not url:
        raise ValueError("REDIS_URL: expected the ledger's URL, e.g. redis://127.0.0.1:6379/0, got nothing")
    return "REDIS_URL", url


def _application(environ: Mapping[str, str]) -> str:
    try:
        return validation.application(environ.get("RECEIPTS_APPLICATION") or "default")
    except InvalidReceipt as error:
        raise ValueError(f"RECEIPTS_APPLICATION: expected {error.expected}, got {error.found}") from None


def _whole_number(environ: Mapping[str, str], name: str, default: int) -> int:
    number = _number(environ, name, default)
    if number != int(number):
        raise ValueError(f"{name}: expected a whole number, got {environ[name]!r}")
    return int(number)


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    value = environ.get(name)
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not 0 < number < float("inf"):
        raise ValueError(f"{name}: expected a number above 0, got {value!r}")
    return number
