"""The receipts' queue as a Flask extension: made with the application, one for the process, closed at its end."""

from __future__ import annotations

import atexit
from typing import cast

from flask import Flask, current_app
from flask.typing import ResponseReturnValue
from redis import RedisError

from receipt_sync import InvalidReceipt, ReceiptQueue

_NAME = "receipts"


def init_app(app: Flask, queue: ReceiptQueue | None = None) -> None:
    """Gives the application its queue, and answers to what recording can raise.

    The queue connects when it is first used, and is safe for all threads of the process and after a fork.

    Raises:
        ValueError: a variable of the queue is missing or wrong; the message names it.
    """
    app.extensions[_NAME] = queue or ReceiptQueue.from_env()
    atexit.register(app.extensions[_NAME].close)
    app.register_error_handler(InvalidReceipt, _invalid)
    app.register_error_handler(RedisError, _redis_is_down)


def receipts() -> ReceiptQueue:
    """The queue of the application that serves this request."""
    return cast("ReceiptQueue", current_app.extensions[_NAME])


def _invalid(error: Exception) -> ResponseReturnValue:
    return {"error": str(error)}, 400


def _redis_is_down(error: Exception) -> ResponseReturnValue:
    # Its kind alone: the words of some name addresses. The client reports once more, and twice does no harm.
    current_app.logger.error("a receipt was not recorded: %s", type(error).__name__)
    return {"error": "try again soon"}, 503, {"Retry-After": "5"}
