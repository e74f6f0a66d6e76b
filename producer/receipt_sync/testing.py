"""For the tests of a web app: queues that check as the real ones do, and remember instead of recording. No Redis.

    def test_opening_a_dialog_records_it(receipt_queue):         # pytest_plugins = ["receipt_sync.pytest_plugin"]
        open_dialog(receipt_queue, dialog_id, user_id=123)
        assert receipt_queue.recorded == [MarkRead(dialog_id=dialog_id, user_id=123)]

Without pytest: `FakeReceiptQueue()`, `AsyncFakeReceiptQueue()`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import redis

from receipt_sync import validation
from receipt_sync.async_queue import AsyncReceiptQueue
from receipt_sync.queue import ReceiptQueue
from receipt_sync.receipts import MarkDelivered, MarkRead, Receipt


class _NoRedis:
    """A client that nobody may use."""

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""


class FakeReceiptQueue(ReceiptQueue):
    """Takes what `ReceiptQueue` takes, raises what it raises for wrong arguments, and remembers.

    Args:
        application: the QuickBlox application.
        max_text_bytes: most bytes of UTF-8 in an edit's text.

    Attributes:
        recorded: every receipt, in the order of the calls; clear it as you like.
        error: raised by the next calls instead of taking anything, to try a Redis that is down:
            `queue.error = redis.ConnectionError()`.
    """

    def __init__(self, *, application: str = "default", max_text_bytes: int = validation.MAX_TEXT_BYTES) -> None:
        super().__init__(application=application, max_text_bytes=max_text_bytes, client=cast("redis.Redis", _NoRedis()))
        self.recorded: list[Receipt] = []
        self.error: redis.RedisError | None = None

    def record_many(self, receipts: Iterable[Receipt], *, trace: str | None = None) -> None:  # noqa: ARG002 - the queue's
        """Remembers them, all or none.

        Raises:
            InvalidReceipt: one of them is not a receipt, or its text is too long here.
            redis.RedisError: `error`, where it is set.
        """
        self.recorded += _taken(self, receipts)

    def _record(self, mark: MarkRead | MarkDelivered, trace: str | None) -> None:
        self.record_many([mark], trace=trace)


class AsyncFakeReceiptQueue(AsyncReceiptQueue):
    """The same for asyncio; arguments and attributes are those of `FakeReceiptQueue`."""

    def __init__(self, *, application: str = "default", max_text_bytes: int = validation.MAX_TEXT_BYTES) -> None:
        super().__init__(application=application, max_text_bytes=max_text_bytes, client=cast("Any", _NoRedis()))
        self.recorded: list[Receipt] = []
        self.error: redis.RedisError | None = None

    async def record_many(self, receipts: Iterable[Receipt], *, trace: str | None = None) -> None:  # noqa: ARG002
        """Remembers them, all or none; raises what `FakeReceiptQueue`'s does."""
        self.recorded += _taken(self, receipts)


def _taken(queue: FakeReceiptQueue | AsyncFakeReceiptQueue, receipts: Iterable[Receipt]) -> list[Receipt]:
    listed = list(receipts)
    queue._core.wire(listed)  # noqa: SLF001 - the checks of the real queues
    if queue.error is not None:
        raise queue.error
    return listed
