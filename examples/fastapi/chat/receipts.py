"""The receipts' queue: one for each process' event loop, from its beginning to its end."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from redis import RedisError

from receipt_sync import AsyncReceiptQueue, InvalidReceipt, LocalBuffer

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_queue() -> AsyncIterator[AsyncReceiptQueue]:
    """The queue as the environment says; at the end what still waits in its buffer is recorded, if Redis is there.

    Raises:
        ValueError: a variable is missing or wrong; the message names it.
    """
    async with aclosing(AsyncReceiptQueue.from_env(when_down=LocalBuffer(most=10_000))) as queue:
        yield queue
        if left := await queue.flush():
            log.error("Redis is down: %d receipts end with this process", left)


def receipts(request: Request) -> AsyncReceiptQueue:
    """The queue of the process that serves this request."""
    return cast("AsyncReceiptQueue", request.state.receipts)


Receipts = Annotated[AsyncReceiptQueue, Depends(receipts)]


async def invalid(_request: Request, error: Exception) -> JSONResponse:
    """The answer to `InvalidReceipt`."""
    return JSONResponse({"detail": str(error)}, 400)


async def buffer_is_full(_request: Request, error: Exception) -> JSONResponse:
    """The answer to `redis.RedisError`: Redis is down, and has been for so long that the buffer is full."""
    # Its kind alone: the words of some name addresses.
    log.error("a receipt was not recorded: %s", type(error).__name__)
    return JSONResponse({"detail": "try again soon"}, 503, {"Retry-After": "5"})


ON_ERROR: Mapping[int | type[Exception], Any] = {InvalidReceipt: invalid, RedisError: buffer_is_full}
