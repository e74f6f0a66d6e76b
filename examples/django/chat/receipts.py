"""The receipts' queue of this process, and receipts that wait for the commit."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.db import transaction

from receipt_sync import LocalBuffer, Receipt, ReceiptQueue


@cache
def queue() -> ReceiptQueue:
    """The queue of this process, for all its threads and for the children that it forks."""
    # After the commit an error could no longer take anything back: what Redis does not take waits in memory for it.
    return ReceiptQueue.from_env(settings.RECEIPTS, when_down=LocalBuffer())


def record_after_commit(*receipts: Receipt) -> None:
    """Records them in one round trip when the transaction is committed; if it is rolled back, never.

    A receipt was checked when it was made, so a wrong one has already raised InvalidReceipt, and rolled back.

    Raises:
        redis.RedisError: from the commit, when Redis is down and the buffer is full.
    """
    transaction.on_commit(lambda: queue().record_many(receipts))
