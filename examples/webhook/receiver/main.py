"""The receiver: `uvicorn receiver.main:app`."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis import RedisError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from receipt_sync import AsyncReceiptQueue, InvalidReceipt

from .events import event_of
from .signature import HEADER, check, secrets_from_env

LARGEST_BODY_BYTES = 200_000

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
    """What each request finds in its `state`."""
    secrets = secrets_from_env(os.environ)
    # Without `when_down`: the server sends again what was answered with 503, and keeps it better than our memory.
    queue = AsyncReceiptQueue.from_env()
    try:
        yield {"receipts": queue, "secrets": secrets}
    finally:
        await queue.aclose()


async def take(request: Request) -> Response:
    """Records what an event says. 202 says that it is in the ledger; 503 asks for it once more."""
    body = await _body(request)
    now_s = time.time()
    check(request.headers.get(HEADER, ""), body, request.state.secrets, now_s)
    event = event_of(body, int(now_s * 1000))
    if event is not None:
        await request.state.receipts.record_many([event.receipt()])
    return Response(status_code=202)


async def _body(request: Request) -> bytes:
    """All of it, but no more than we take of somebody whom we do not know yet."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            raise HTTPException(413, f"expected at most {LARGEST_BODY_BYTES} bytes")
    return bytes(body)


async def _refused(_request: Request, error: Exception) -> Response:
    status, words = (error.status_code, error.detail) if isinstance(error, HTTPException) else (400, str(error))
    log.warning("an event was refused with %d: %s", status, words)
    return JSONResponse({"error": words}, status)


async def _redis_is_down(_request: Request, error: Exception) -> Response:
    # Its kind alone: the words of some name addresses.
    log.error("an event was not recorded: %s", type(error).__name__)
    return JSONResponse({"error": "send it again"}, 503, {"Retry-After": "5"})


app = Starlette(
    routes=[Route("/events", take, methods=["POST"])],
    lifespan=lifespan,
    exception_handlers={HTTPException: _refused, InvalidReceipt: _refused, RedisError: _redis_is_down},
)
