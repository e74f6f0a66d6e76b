"""What becomes of receipts while Redis is down: it is stopped, and it hangs; both queues; for real."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from receipt_sync import (
    AsyncReceiptQueue,
    EditMessage,
    InvalidReceipt,
    LocalBuffer,
    MarkRead,
    Receipt,
    ReceiptQueue,
    ToBroker,
    keys,
)
from receipt_sync.calls import DELIVERED, EDIT, READ
from stack.redis_server import RedisServer
from tests.forking import in_a_child
from tests.ledger_audit import Accounts, audit
from tests.running import until
from tests.shorthand import DIALOG, USER, dialogs, msg

TIMEOUT_S, TICK_S = 0.2, 0.01
# A connection and an answer, each tried twice; the rest is for a busy machine.
HANGS_AT_MOST_S = 4 * TIMEOUT_S + 2


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis", fsync="always") as started:
        yield started


def accounts(server: RedisServer) -> Accounts:
    with server.client() as client:
        return audit(client, "default")


def hang(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)


def wake(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGCONT)


def test_without_a_choice_a_stopped_redis_raises_at_once_and_a_hanging_one_in_time(server: RedisServer) -> None:
    receipts = ReceiptQueue(server.url, timeout_s=TIMEOUT_S)
    receipts.mark_dialog_read(DIALOG, user_id=USER)
    hang(server)
    began_s = time.monotonic()
    with pytest.raises(redis.TimeoutError):
        receipts.mark_dialog_read(DIALOG, user_id=USER)
    assert time.monotonic() - began_s < HANGS_AT_MOST_S
    wake(server)
    server.kill()
    with pytest.raises(redis.ConnectionError):
        receipts.mark_dialog_read(DIALOG, user_id=USER)


@pytest.mark.parametrize("down", ["stopped", "hanging"])
def test_what_was_kept_is_recorded_by_itself_once_redis_is_back(server: RedisServer, down: str) -> None:
    buffer = LocalBuffer(retry_s=0.1)
    receipts = ReceiptQueue(server.url, timeout_s=TIMEOUT_S, when_down=buffer)
    receipts.mark_dialog_read(DIALOG, user_id=USER)
    if down == "stopped":
        server.kill()
    else:
        hang(server)
    receipts.mark_dialog_read(dialogs(1)[0], user_id=USER)
    receipts.record_many([MarkRead(dialog_id=DIALOG, user_id=7), MarkRead(dialog_id=DIALOG, user_id=8)])
    receipts.edit_message(DIALOG, msg(1), "edited", user_id=USER)
    assert len(buffer) == 4
    if down == "stopped":
        server.restart()
    else:
        wake(server)
    until(lambda: len(buffer) == 0, "the buffer empty")
    # A call that hung may have been carried out as well: then it counts twice, and costs no further PUT.
    found = accounts(server)
    assert found.balance == 0
    assert found.recorded in ((5,) if down == "stopped" else range(5, 8))
    receipts.close()


def test_a_redis_that_hangs_is_left_alone_for_a_while(server: RedisServer) -> None:
    receipts = ReceiptQueue(server.url, timeout_s=TIMEOUT_S, when_down=LocalBuffer(retry_s=60))
    hang(server)
    receipts.mark_dialog_read(DIALOG, user_id=USER)
    began_s = time.monotonic()
    for _ in range(100):
        receipts.mark_dialog_read(DIALOG, user_id=USER)
    assert time.monotonic() - began_s < TIMEOUT_S * 100 / 4
    wake(server)
    assert receipts.flush() == 0
    assert accounts(server).recorded >= 101


def test_a_full_buffer_raises_what_redis_said_and_keeps_what_it_has(server: RedisServer) -> None:
    buffer = LocalBuffer(most=2, retry_s=60)
    receipts = ReceiptQueue(server.url, timeout_s=TIMEOUT_S, when_down=buffer)
    server.kill()
    receipts.mark_dialog_read(DIALOG, user_id=USER)
    with pytest.raises(redis.ConnectionError):
        receipts.record_many([MarkRead(dialog_id=DIALOG, user_id=n) for n in (7, 8)])
    receipts.mark_dialog_read(DIALOG, user_id=USER)
    with pytest.raises(redis.ConnectionError):
        receipts.mark_dialog_read(DIALOG, user_id=USER)
    server.restart()
    assert receipts.flush() == 0
    assert accounts(server).recorded == 2


def test_an_edit_that_waited_is_older_than_one_that_came_later(server: RedisServer) -> None:
    receipts = ReceiptQueue(server.url, timeout_s=TIMEOUT_S, when_down=LocalBuffer(retry_s=60))
    server.kill()
    receipts.edit_message(DIALOG, msg(1), "first", user_id=USER)
    server.restart()
    time.sleep(0.005)  # the next millisecond: two edits of one have no order
    ReceiptQueue(server.url).edit_message(DIALOG, msg(1), "second", user_id=USER)
    receipts.flush()
    with server.client() as client:
        assert client.hget(f"rs:{{default}}:e:{DIALOG}:{msg(1)}", "px") == b"second"


def test_two_that_flush_at_once_lose_nothing(server: RedisServer) -> None:
    buffer = LocalBuffer(retry_s=60)
    receipts = ReceiptQueue(server.url, timeout_s=5, when_down=buffer)
    server.kill()
    receipts.record_many([MarkRead(dialog_id=dialog, user_id=USER) for dialog in dialogs(1500)])
    server.restart()

    async def both() -> None:
        await asyncio.gather(*(asyncio.to_thread(receipts.flush) for _ in range(4)))

    asyncio.run(both())
    assert accounts(server).recorded == 1500


DAMAGED = 700


def damage(server: RedisServer, dialog_id: str) -> None:
    with server.client() as client:
        client.set(f"rs:{{default}}:m:{dialog_id}:u{USER}", "no slot")


def mend(server: RedisServer, dialog_id: str) -> None:
    with server.client() as client:
        client.delete(f"rs:{{default}}:m:{dialog_id}:u{USER}")


def marks(count: int) -> list[Receipt]:
    return [MarkRead(dialog_id=dialog, user_id=USER) for dialog in dialogs(count)]


def test_one_whose_slot_is_damaged_stops_no_other(server: RedisServer) -> None:
    buffer = LocalBuffer(retry_s=60)
    receipts = ReceiptQueue(server.url, timeout_s=5, when_down=buffer)
    damage(server, dialogs(1500)[DAMAGED])
    server.kill()
    receipts.record_many(marks(1500))
    server.restart()
    with pytest.raises(redis.ResponseError, match="should be a slot"):
        receipts.flush()
    assert len(buffer) == 1
    mend(server, dialogs(1500)[DAMAGED])
    assert receipts.flush() == 0
    assert accounts(server).recorded == 1500


def test_one_whose_slot_is_damaged_stops_no_other_of_the_async_queue(server: RedisServer) -> None:
    async def run() -> None:
        buffer = LocalBuffer(retry_s=60)
        receipts = AsyncReceiptQueue(server.url, timeout_s=5, when_down=buffer)
        damage(server, dialogs(20)[7])
        await asyncio.to_thread(server.kill)
        await receipts.record_many(marks(20))
        await asyncio.to_thread(server.restart)
        with pytest.raises(redis.ResponseError, match="should be a slot"):
            await receipts.flush()
        assert len(buffer) == 1
        mend(server, dialogs(20)[7])
        await receipts.aclose()

    asyncio.run(run())
    assert accounts(server).recorded == 20


def test_what_is_refused_is_said_once_and_tried_on(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    buffer = LocalBuffer(retry_s=0.05)
    receipts = ReceiptQueue(server.url, timeout_s=TIMEOUT_S, when_down=buffer)
    damaged = dialogs(2)[0]
    damage(server, damaged)
    server.kill()
    receipts.record_many(marks(2))
    server.restart()
    until(lambda: len(buffer) == 1, "the other one recorded")
    until(lambda: "they wait on" in caplog.text, "a word about it")
    mend(server, damaged)
    until(lambda: len(buffer) == 0, "the refused one recorded")
    receipts.close()
    assert caplog.text.count("they wait on") == 1
    assert accounts(server).recorded == 2


def test_a_wrong_argument_and_a_wrong_password_are_never_kept(server: RedisServer) -> None:
    buffer = LocalBuffer()
    receipts = ReceiptQueue(server.url, when_down=buffer)
    with pytest.raises(InvalidReceipt):
        receipts.mark_dialog_read("no id", user_id=USER)
    with server.client() as client:
        client.acl_setuser("web", enabled=True, passwords=["+p"], keys=["rs:*"], commands=["+@all"])
    stranger = ReceiptQueue(server.url.replace("redis://", "redis://web:wrong@"), when_down=buffer)
    with pytest.raises(redis.AuthenticationError):
        stranger.mark_dialog_read(DIALOG, user_id=USER)
    assert len(buffer) == 0


def test_a_child_of_a_fork_records_its_own_alone(server: RedisServer) -> None:
    buffer = LocalBuffer(retry_s=60)
    receipts = ReceiptQueue(server.url, timeout_s=TIMEOUT_S, when_down=buffer)
    server.kill()
    receipts.mark_dialog_read(DIALOG, user_id=USER)
    server.restart()

    def record() -> int:
        receipts.mark_dialog_read(DIALOG, user_id=USER)
        return receipts.flush() + len(buffer)

    assert in_a_child(record) == 0
    assert accounts(server).recorded == 1
    assert receipts.flush() == 0
    assert accounts(server).recorded == 2


@pytest.mark.parametrize("down", ["stopped", "hanging"])
def test_the_broker_takes_them(server: RedisServer, redis_server: RedisServer, redis_client: Any, down: str) -> None:
    sender = Celery(broker=redis_server.url_of("sender"))
    receipts = ReceiptQueue(server.url, timeout_s=TIMEOUT_S, when_down=ToBroker(sender))
    if down == "stopped":
        server.kill()
    else:
        hang(server)
    receipts.mark_dialog_read(DIALOG, user_id=USER, message_ids=[msg(1)])
    receipts.mark_dialog_delivered(DIALOG, user_id=USER, up_to=msg(2))
    receipts.record_many([EditMessage(dialog_id=DIALOG, message_id=msg(1), text="a private text", token="secret")])
    with Celery(broker=redis_server.url_of("default")).connection_for_read() as connection:
        queue = connection.SimpleQueue("receipts")
        taken = [queue.get_nowait() for _ in range(3)]
        for message in taken:
            message.ack()
        calls = [(message.headers["task"], message.payload[1]) for message in taken]
        assert "private" not in str([message.headers for message in taken])
        queue.close()
    (_, read), (_, received), (_, edited) = calls
    assert [name for name, _ in calls] == [READ, DELIVERED, EDIT]
    assert read == {"dialog_id": DIALOG, "user_id": USER, "message_ids": [msg(1)], "application": "default"}
    assert received["up_to"] == msg(2)
    assert (edited["text"], edited["token"]) == ("a private text", "secret")
    assert edited["revision"] > 1_700_000_000_000
    assert redis_client.llen("receipts") == 0
    wake(server) if down == "hanging" else None


def test_with_the_broker_away_as_well_redis_own_error_is_raised(server: RedisServer) -> None:
    receipts = ReceiptQueue(server.url, timeout_s=TIMEOUT_S, when_down=ToBroker(Celery(broker=server.url)))
    server.kill()
    with pytest.raises(redis.ConnectionError):
        receipts.mark_dialog_read(DIALOG, user_id=USER)


# asyncio ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("down", ["stopped", "hanging"])
def test_the_async_queue_keeps_and_records_as_well(server: RedisServer, down: str) -> None:
    async def run() -> None:
        buffer = LocalBuffer(retry_s=0.1)
        receipts = AsyncReceiptQueue(server.url, timeout_s=TIMEOUT_S, when_down=buffer)
        await receipts.mark_dialog_read(DIALOG, user_id=USER)
        if down == "stopped":
            server.kill()
        else:
            hang(server)
        began_s = time.monotonic()
        ticks: list[float] = []
        clock = asyncio.create_task(ticking(ticks))
        await receipts.mark_dialog_delivered(DIALOG, user_id=USER)
        await receipts.edit_message(DIALOG, msg(1), "edited", user_id=USER)
        assert time.monotonic() - began_s < HANGS_AT_MOST_S
        clock.cancel()
        assert len(buffer) == 2
        if down == "hanging":
            assert len(ticks) > TIMEOUT_S / TICK_S / 2, "others had their turns while the queue waited"
        if down == "stopped":
            server.restart()
        else:
            wake(server)
        deadline_s = time.monotonic() + 20
        while len(buffer) and time.monotonic() < deadline_s:
            await asyncio.sleep(0.05)
        assert len(buffer) == 0
        await receipts.aclose()

    asyncio.run(run())
    found = accounts(server)
    assert found.balance == 0
    assert found.recorded >= 3


async def ticking(ticks: list[float]) -> None:
    while True:
        ticks.append(time.monotonic())
        await asyncio.sleep(TICK_S)


def test_a_recording_that_is_cancelled_leaves_no_answer_for_the_next(server: RedisServer) -> None:
    async def run() -> None:
        receipts = AsyncReceiptQueue(server.url, timeout_s=30)
        await receipts.mark_dialog_read(DIALOG, user_id=USER)
        hang(server)
        gone = asyncio.create_task(receipts.mark_dialog_read(dialogs(1)[0], user_id=USER))
        await asyncio.sleep(0.1)
        assert gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        wake(server)
        with server.client() as client:
            client.set(f"rs:{{default}}:{keys.mark_slot(DIALOG, f'u{USER}')}", "garbage")
        with pytest.raises(redis.ResponseError, match=r"^LEDGER "):
            await receipts.mark_dialog_read(DIALOG, user_id=USER)
        await receipts.aclose()

    asyncio.run(run())


def test_closing_in_the_middle_of_a_flush_drops_nothing(server: RedisServer) -> None:
    async def run() -> None:
        buffer = LocalBuffer(retry_s=0.05)
        receipts = AsyncReceiptQueue(server.url, timeout_s=TIMEOUT_S, when_down=buffer)
        await receipts.mark_dialog_read(DIALOG, user_id=USER)
        hang(server)
        await receipts.record_many([MarkRead(dialog_id=dialog, user_id=USER) for dialog in dialogs(3)])
        while not receipts._flushing.locked():
            await asyncio.sleep(0.01)
        await receipts.aclose()
        assert len(buffer) == 3
        wake(server)
        assert await receipts.flush() == 0
        await receipts.aclose()

    asyncio.run(run())
    found = accounts(server)
    assert found.balance == 0
    assert found.recorded >= 4


def test_the_async_queue_raises_without_a_choice(server: RedisServer) -> None:
    async def run() -> None:
        receipts = AsyncReceiptQueue(server.url, timeout_s=TIMEOUT_S)
        hang(server)
        with pytest.raises(redis.TimeoutError):
            await receipts.mark_dialog_read(DIALOG, user_id=USER)
        wake(server)
        await receipts.aclose()

    asyncio.run(run())
