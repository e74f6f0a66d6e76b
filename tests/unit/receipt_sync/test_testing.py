"""The fakes for a web app's tests: they take and refuse what the real queues do."""

from __future__ import annotations

import asyncio
import inspect

import pytest
import redis

from receipt_sync import AsyncReceiptQueue, EditMessage, InvalidReceipt, MarkDelivered, MarkRead, ReceiptQueue
from receipt_sync.testing import AsyncFakeReceiptQueue, FakeReceiptQueue
from tests.shorthand import DIALOG, USER, msg

pytest_plugins = ["receipt_sync.pytest_plugin"]


def test_it_remembers_what_was_recorded(receipt_queue: FakeReceiptQueue) -> None:
    receipt_queue.mark_dialog_read(DIALOG, user_id=USER, up_to=msg(1))
    receipt_queue.mark_dialog_delivered(DIALOG, user_id=USER, message_ids=[msg(2)])
    receipt_queue.edit_message(DIALOG, msg(3), "edited", user_id=USER, revision=7)
    assert receipt_queue.recorded == [
        MarkRead(dialog_id=DIALOG, user_id=USER, up_to=msg(1)),
        MarkDelivered(dialog_id=DIALOG, user_id=USER, message_ids=[msg(2)]),
        EditMessage(dialog_id=DIALOG, message_id=msg(3), text="edited", user_id=USER, revision=7),
    ]
    receipt_queue.close()


def test_it_refuses_what_the_real_one_refuses_and_takes_nothing_of_it(receipt_queue: FakeReceiptQueue) -> None:
    with pytest.raises(InvalidReceipt, match="dialog_id"):
        receipt_queue.mark_dialog_read("no id", user_id=USER)
    with pytest.raises(InvalidReceipt, match="readd"):
        receipt_queue.mark_dialog_read(DIALOG, user_id=USER, readd=1)  # type: ignore[arg-type]
    with pytest.raises(InvalidReceipt, match=r"receipts\[1\]"):
        receipt_queue.record_many([MarkRead(dialog_id=DIALOG, user_id=USER), "no receipt"])  # type: ignore[list-item]
    with pytest.raises(InvalidReceipt, match="text"):
        FakeReceiptQueue(max_text_bytes=3).edit_message(DIALOG, msg(1), "too long", user_id=USER)
    assert receipt_queue.recorded == []


def test_a_redis_that_is_down_can_be_tried(receipt_queue: FakeReceiptQueue) -> None:
    receipt_queue.error = redis.ConnectionError()
    with pytest.raises(redis.ConnectionError):
        receipt_queue.mark_dialog_read(DIALOG, user_id=USER)
    assert receipt_queue.recorded == []


def test_the_one_for_asyncio_does_the_same(async_receipt_queue: AsyncFakeReceiptQueue) -> None:
    async def use() -> None:
        await async_receipt_queue.mark_dialog_read(DIALOG, user_id=USER)
        await async_receipt_queue.edit_message(DIALOG, msg(1), "edited", user_id=USER, revision=1)
        with pytest.raises(InvalidReceipt, match="user_id"):
            await async_receipt_queue.mark_dialog_delivered(DIALOG, user_id=-1)
        await async_receipt_queue.aclose()

    asyncio.run(use())
    assert [type(receipt) for receipt in async_receipt_queue.recorded] == [MarkRead, EditMessage]


@pytest.mark.parametrize(
    ("fake", "real"), [(FakeReceiptQueue, ReceiptQueue), (AsyncFakeReceiptQueue, AsyncReceiptQueue)]
)
def test_every_method_that_records_is_the_real_ones(fake: type, real: type) -> None:
    for name in ("mark_dialog_read", "mark_dialog_delivered", "edit_message", "record_many"):
        assert inspect.signature(getattr(fake, name)) == inspect.signature(getattr(real, name))


def test_both_real_queues_take_the_same() -> None:
    for name in ("mark_dialog_read", "mark_dialog_delivered", "edit_message", "record_many"):
        of_threads, of_asyncio = (inspect.signature(getattr(each, name)) for each in (ReceiptQueue, AsyncReceiptQueue))
        assert of_threads.parameters == of_asyncio.parameters
