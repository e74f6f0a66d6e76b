"""AsyncReceiptQueue against a real Redis: it records what ReceiptQueue records."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
from redis import asyncio as aredis

from receipt_sync import AsyncReceiptQueue, EditMessage, InvalidReceipt, MarkDelivered, MarkRead, ReceiptQueue
from stack.redis_server import RedisServer
from tests.ledger_audit import Accounts, audit
from tests.shorthand import DIALOG, USER, dialogs, msg

Use = Callable[[AsyncReceiptQueue], Awaitable[None]]


def used(server: RedisServer, use: Use, **options: Any) -> None:
    async def run() -> None:
        receipts = AsyncReceiptQueue(server.url, timeout_s=5, **options)
        try:
            await use(receipts)
        finally:
            await receipts.aclose()

    asyncio.run(run())


def test_it_records_what_the_other_queue_records(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    async def use(receipts: AsyncReceiptQueue) -> None:
        await receipts.mark_dialog_read(DIALOG, user_id=USER, up_to=msg(1))
        await receipts.mark_dialog_delivered(DIALOG, user_id=USER, message_ids=[msg(2)])
        await receipts.edit_message(DIALOG, msg(3), "edited", user_id=USER, revision=7)

    used(redis_server, use)
    found = state(redis_client)
    redis_client.flushall()
    receipts = ReceiptQueue(redis_server.url)
    receipts.mark_dialog_read(DIALOG, user_id=USER, up_to=msg(1))
    receipts.mark_dialog_delivered(DIALOG, user_id=USER, message_ids=[msg(2)])
    receipts.edit_message(DIALOG, msg(3), "edited", user_id=USER, revision=7)
    assert found == state(redis_client)
    assert audit(redis_client, "default") == Accounts(recorded=3, pending=3)


def state(client: redis.Redis) -> dict[str, Any]:
    """All slots, without their times."""
    found: Any = client.keys("rs:{default}:[me]:*")
    slots: dict[str, Any] = {key.decode(): client.hgetall(key) for key in found}
    for fields in slots.values():
        fields.pop(b"pt", None)
    return slots


def test_thousands_in_one_call(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    used(redis_server, lambda queue: queue.record_many([MarkRead(dialog_id=d, user_id=USER) for d in dialogs(1200)]))
    assert audit(redis_client, "default") == Accounts(recorded=1200, pending=1200)


def test_many_tasks_at_once(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    async def use(receipts: AsyncReceiptQueue) -> None:
        await asyncio.gather(*(receipts.mark_dialog_read(dialog, user_id=USER) for dialog in dialogs(200)))

    used(redis_server, use)
    assert audit(redis_client, "default") == Accounts(recorded=200, pending=200)


def test_a_server_that_lost_the_library_is_given_it_again(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    async def use(receipts: AsyncReceiptQueue) -> None:
        await receipts.mark_dialog_read(DIALOG, user_id=USER)
        redis_client.function_flush()
        await receipts.mark_dialog_read(DIALOG, user_id=USER)

    used(redis_server, use)
    assert audit(redis_client, "default") == Accounts(recorded=2, pending=2)


def test_a_redis_without_functions_runs_the_script(redis_server: RedisServer, redis_client: redis.Redis) -> None:

    class WithoutFunctions(aredis.Redis):
        async def fcall(self, *_: Any) -> Any:
            raise redis.ResponseError("unknown command 'FCALL'")

    async def run() -> None:
        receipts = AsyncReceiptQueue(client=WithoutFunctions(port=redis_server.port))
        await receipts.mark_dialog_read(DIALOG, user_id=USER)
        await receipts.mark_dialog_read(DIALOG, user_id=USER)
        await receipts.aclose()

    asyncio.run(run())
    assert audit(redis_client, "default") == Accounts(recorded=2, pending=2)


def test_a_wrong_argument_is_refused_before_anything_is_stored(
    redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    async def use(receipts: AsyncReceiptQueue) -> None:
        with pytest.raises(InvalidReceipt, match="dialog_id"):
            await receipts.mark_dialog_read("no id", user_id=USER)
        with pytest.raises(InvalidReceipt, match="readd"):
            await receipts.mark_dialog_read(DIALOG, user_id=USER, readd=1)  # type: ignore[arg-type]
        with pytest.raises(InvalidReceipt, match="text"):
            await receipts.record_many(
                [
                    MarkDelivered(dialog_id=DIALOG, user_id=USER),
                    EditMessage(dialog_id=DIALOG, message_id=msg(1), text="too long", user_id=USER),
                ]
            )

    used(redis_server, use, max_text_bytes=3)
    assert redis_client.keys("rs:*") == []


def test_it_wants_an_address_or_a_client() -> None:
    with pytest.raises(ValueError, match="a redis_url or a client, and not both"):
        AsyncReceiptQueue()
    with pytest.raises(ValueError, match="redis_url: expected redis://"):
        AsyncReceiptQueue("http://127.0.0.1")


def test_it_reads_the_environment(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    async def run() -> None:
        receipts = AsyncReceiptQueue.from_env({"REDIS_URL": redis_server.url, "RECEIPTS_APPLICATION": "shop"})
        await receipts.mark_dialog_read(DIALOG, user_id=USER)
        await receipts.aclose()

    asyncio.run(run())
    assert audit(redis_client, "shop") == Accounts(recorded=1, pending=1)
