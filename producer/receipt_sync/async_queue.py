"""AsyncReceiptQueue: the same door for asyncio, over redis.asyncio."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from typing import Any, Never, Self

import redis
from redis import asyncio as aredis
from redis.exceptions import ClusterError, RedisClusterException

from receipt_sync import calls, validation
from receipt_sync.async_connection import connect, node_of
from receipt_sync.cluster import unreached
from receipt_sync.core import PER_CALL, Core
from receipt_sync.environment import read
from receipt_sync.functions import RECORD
from receipt_sync.receipts import EditMessage, MarkDelivered, MarkRead, Receipt
from receipt_sync.sealing import TokenSeal
from receipt_sync.when_down import LocalBuffer, WhenDown, is_down


class AsyncReceiptQueue:
    """Records receipts from asyncio. When a method has been awaited, they are as durable as that Redis.

    Belongs to the event loop in which it is used first, and to its process: make one for each.

    Args:
        redis_url: the ledger, as of `ReceiptQueue`.
        application: the QuickBlox application, as the workers' settings name it.
        timeout_s: seconds to wait for a connection, and for each answer; tried twice before `redis.TimeoutError`.
        max_text_bytes: most bytes of UTF-8 in an edit's text.
        client: a client of your own, of redis.asyncio, instead of `redis_url`.
        when_down: what becomes of receipts while Redis is down (when_down.py); None raises.
        seal: of session tokens, as of `ReceiptQueue`.

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
        client: aredis.Redis | None = None,
        when_down: WhenDown | None = None,
        seal: TokenSeal | None = None,
    ) -> None:
        if (redis_url is None) == (client is None):
            raise ValueError("AsyncReceiptQueue needs a redis_url or a client, and not both")
        self._redis: Any = client if redis_url is None else connect("redis_url", redis_url, timeout_s)
        self._core = Core(application, max_text_bytes, seal)
        self._when_down = when_down
        self._flusher: asyncio.Task[None] | None = None
        self._flushing = asyncio.Lock()
        self._home: tuple[int, asyncio.AbstractEventLoop] | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ, *, when_down: WhenDown | None = None) -> Self:
        """A queue as the environment says: the variables of `ReceiptQueue.from_env`.

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

    async def mark_dialog_read(
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
        """Records that a user has read a dialog, or some of its messages; raises what `ReceiptQueue`'s does."""
        calls.refuse_unknown(unknown, calls.PARAMETERS[calls.READ])
        mark = MarkRead(dialog_id=dialog_id, user_id=user_id, token=token, message_ids=message_ids, up_to=up_to)
        await self.record_many([mark], trace=trace)

    async def mark_dialog_delivered(
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
        """Records that a user has received a dialog's messages, or some; raises what `ReceiptQueue`'s does."""
        calls.refuse_unknown(unknown, calls.PARAMETERS[calls.DELIVERED])
        mark = MarkDelivered(dialog_id=dialog_id, user_id=user_id, token=token, message_ids=message_ids, up_to=up_to)
        await self.record_many([mark], trace=trace)

    async def edit_message(
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
        """Records that a message now says `text`; raises what `ReceiptQueue`'s does."""
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
        await self.record_many([edit], trace=trace)

    async def record_many(self, receipts: Iterable[Receipt], *, trace: str | None = None) -> None:
        """Records any number of receipts, 500 in a call.

        Raises:
            InvalidReceipt: one of them is not a receipt, or its text is too long here; nothing was stored.
            redis.RedisError: the ledger was not reached, or not to the end; recording all again does no harm.
            RuntimeError: the queue belongs to another event loop or process; nothing was stored.
        """
        self._stay_home()
        if self._when_down is None:
            await self._send(self._core.batches(receipts, trace))
        else:
            await self._send_or_keep(self._core.dated(receipts), trace)

    async def flush(self) -> int:
        """Records what waits in the buffer for Redis to be back, as far as it goes; answers how many still wait.

        Raises:
            redis.RedisError: Redis is there and refuses some of it (a damaged slot, a missing right): that stays.
        """
        buffer = self._when_down
        if not isinstance(buffer, LocalBuffer):
            return 0
        self._stay_home()
        # Two at once would take away twice as many as they have recorded.
        async with self._flushing:
            turns, said = buffer.in_turn(PER_CALL), None
            while True:
                try:
                    waiting = turns.send(said)
                except StopIteration as ended:
                    if ended.value is not None:
                        raise ended.value from None
                    return len(buffer)
                said = await self._attempt(waiting)

    async def _attempt(self, waiting: list[Receipt]) -> redis.RedisError | None:
        try:
            await self._send(self._core.batches(waiting, None))
        except redis.RedisError as error:
            return error
        return None

    async def aclose(self) -> None:
        """Records what still waits if Redis is there, and gives the connections back.

        Raises:
            redis.RedisError: as of `flush`; the connections are given back all the same.
        """
        if self._home is not None:
            self._stay_home()
        if self._flusher is not None:
            self._flusher.cancel()
            await asyncio.gather(self._flusher, return_exceptions=True)
            self._flusher = None
        try:
            await self.flush()
        finally:
            await self._redis.aclose()

    def _stay_home(self) -> None:
        # A connection of redis.asyncio that is used by another loop fails when the receipt is on its way, in words that
        # name neither; a child of a fork would read its parent's answers.
        if self._home is None:
            self._home = os.getpid(), asyncio.get_running_loop()
        process, loop = self._home
        if process != os.getpid():
            raise RuntimeError("this AsyncReceiptQueue is its parent process' own: make one after the fork")
        if loop is not asyncio.get_running_loop():
            raise RuntimeError("this AsyncReceiptQueue belongs to another event loop: make one for each")

    async def _send_or_keep(self, receipts: list[Receipt], trace: str | None) -> None:
        keeper = self._when_down
        down: redis.RedisError = redis.ConnectionError("Redis was not reached a moment ago")
        if not (isinstance(keeper, LocalBuffer) and keeper.rests):
            try:
                await self._send(self._core.batches(receipts, trace))
            except redis.RedisError as error:
                if not is_down(error):
                    raise
                down = error
            else:
                return
        # A broker's client waits: not in the loop.
        if keeper is None or not await asyncio.to_thread(keeper.keep, self._core.application, receipts):
            raise down
        if isinstance(keeper, LocalBuffer):
            keeper.failed()
            if self._flusher is None or self._flusher.done():
                self._flusher = asyncio.create_task(self._flush_later(keeper), name="receipts")

    async def _flush_later(self, buffer: LocalBuffer) -> None:
        while len(buffer):
            await asyncio.sleep(buffer.retry_s)
            try:
                await self.flush()
            except redis.RedisError as error:
                buffer.say_refused(error)

    async def _send(self, batches: list[list[str]]) -> None:
        for batch in batches:
            try:
                await RECORD.acall(self._redis, self._core.prefix, *batch, node_of=node_of)
            except (RedisClusterException, ClusterError) as error:
                told = unreached(error)
                if told is error:
                    raise
                raise told from error
