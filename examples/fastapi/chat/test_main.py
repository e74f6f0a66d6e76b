"""What is recorded, without Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import redis
from httpx import ASGITransport, AsyncClient
from starlette.types import Receive, Scope, Send

from receipt_sync import MarkDelivered, MarkRead
from receipt_sync.testing import AsyncFakeReceiptQueue

from .main import app
from .people import people_from_env
from .receipts import open_queue

DIALOG, MESSAGE = "53a99a7be4b094c7c6d31b41", "53aabe15e4b077ddd43e7fd3"
# The SHA-256 of "only-for-trying".
PEOPLE = '{"ba1bc9edf99915a8b243c689f463bb1f76ae7d0194692198b720e681b6016a1d": 123}'

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(async_receipt_queue: AsyncFakeReceiptQueue) -> AsyncIterator[AsyncClient]:
    state = {"people": people_from_env({"CHAT_PEOPLE": PEOPLE}), "receipts": async_receipt_queue}

    async def begun(scope: Scope, receive: Receive, send: Send) -> None:
        """The application with what its lifespan gives each request."""
        await app({**scope, "state": state}, receive, send)

    headers = {"Authorization": "Bearer only-for-trying"}
    async with AsyncClient(transport=ASGITransport(begun), base_url="http://chat", headers=headers) as client:
        yield client


async def test_what_the_user_has_read_is_recorded(
    client: AsyncClient, async_receipt_queue: AsyncFakeReceiptQueue
) -> None:
    assert (await client.post(f"/dialogs/{DIALOG}/read", json={"up_to": MESSAGE})).status_code == 202
    assert async_receipt_queue.recorded == [MarkRead(dialog_id=DIALOG, user_id=123, up_to=MESSAGE)]


async def test_all_that_a_device_tells_or_nothing(
    client: AsyncClient, async_receipt_queue: AsyncFakeReceiptQueue
) -> None:
    good = [{"kind": "read", "dialog_id": DIALOG}, {"kind": "delivered", "dialog_id": DIALOG, "up_to": MESSAGE}]
    assert (await client.post("/reports", json=[*good, {"kind": "read", "dialog_id": "abc"}])).status_code == 400
    assert async_receipt_queue.recorded == []
    assert (await client.post("/reports", json=good)).status_code == 202
    assert async_receipt_queue.recorded == [
        MarkRead(dialog_id=DIALOG, user_id=123),
        MarkDelivered(dialog_id=DIALOG, user_id=123, up_to=MESSAGE),
    ]


async def test_wrong_ids_and_shapes_are_the_clients_error(client: AsyncClient) -> None:
    answer = await client.post("/dialogs/abc/read", json={})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("dialog_id: expected 24 lower-case hex digits")
    assert (await client.post(f"/dialogs/{DIALOG}/read", json={"upto": MESSAGE})).status_code == 422
    assert (await client.post("/reports", json=[])).status_code == 422


async def test_redis_is_down_and_the_buffer_is_full(
    client: AsyncClient, async_receipt_queue: AsyncFakeReceiptQueue
) -> None:
    async_receipt_queue.error = redis.ConnectionError()
    answer = await client.post(f"/dialogs/{DIALOG}/read", json={})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


async def test_nobody_in_particular_reads_nothing(
    client: AsyncClient, async_receipt_queue: AsyncFakeReceiptQueue
) -> None:
    for header in ("", "Bearer guessed"):
        answer = await client.post(f"/dialogs/{DIALOG}/read", json={}, headers={"Authorization": header})
        assert answer.status_code == 401
    assert async_receipt_queue.recorded == []


async def test_what_ends_with_the_process_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")  # nobody listens there
    async with open_queue() as queue:
        await queue.mark_dialog_read(DIALOG, user_id=123)
    assert "1 receipts end with this process" in caplog.text


@pytest.mark.parametrize("given", ["", "{}x", '{"abc": 1}'])
def test_people_that_are_none_end_the_start(given: str) -> None:
    with pytest.raises(ValueError, match=r"^CHAT_PEOPLE: expected JSON"):
        people_from_env({"CHAT_PEOPLE": given})
