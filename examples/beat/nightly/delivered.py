"""The job itself: no Celery, no clock, no environment."""

from __future__ import annotations

import logging

from receipt_sync import InvalidReceipt, MarkDelivered, ReceiptQueue

from .chats import Chats, Undelivered

log = logging.getLogger(__name__)

# Slots are sent in the order of their age, so receipts of active users wait behind these: at 72 calls a second a run
# of a thousand puts them off by a quarter of a minute at most. There are many runs in a night.
RUN = 1_000
BATCH = 500


def mark_delivered(
    chats: Chats, receipts: ReceiptQueue, unseen_since_s: float, *, most: int = RUN, batch: int = BATCH
) -> int:
    """Marks dialogs of users who were last seen before a time as delivered; answers how many were recorded.

    Args:
        chats: where they are kept.
        receipts: the queue.
        unseen_since_s: unix seconds.
        most: how many are enough for one run, to the end of a batch.
        batch: how many go to the ledger in one round trip.

    Raises:
        redis.RedisError: Redis is down. What was recorded is noted, and the next run goes on from there.
    """
    recorded = 0
    page = chats.undelivered(unseen_since_s, None, batch)
    while page:
        marks = {each: mark for each in page if (mark := _mark(each))}
        receipts.record_many(marks.values())
        # Not before: a process that dies in between records a page twice rather than never.
        chats.note(marks)
        recorded += len(marks)
        page = chats.undelivered(unseen_since_s, page[-1], batch) if recorded < most else []
    return recorded


def _mark(each: Undelivered) -> MarkDelivered | None:
    try:
        # The message is its cause: recorded twice, it is sent once.
        return MarkDelivered(dialog_id=each.dialog_id, user_id=each.user_id, up_to=each.message_id)
    except InvalidReceipt as error:
        # One wrong row must not keep all that come after it from their turn.
        log.warning("left out a dialog of user %s: %s", each.user_id, error)
        return None
