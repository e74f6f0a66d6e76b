"""What becomes of events, without Redis."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable

import pytest
import redis
from httpx import ASGITransport, AsyncClient, Response
from starlette.types import Receive, Scope, Send

from receipt_sync import EditMessage, MarkDelivered, MarkRead
from receipt_sync.testing import AsyncFakeReceiptQueue

from .events import EDIT_AGE_MAX_MS
from .main import LARGEST_BODY_BYTES, app
from .signature import HEADER, TOLERANCE_S, secrets_from_env, sign

DIALOG, MESSAGE = "53a99a7be4b094c7c6d31b41", "53aabe15e4b077ddd43e7fd3"
OLD, NEW = b"the secret of last year", b"the secret of this year"
NOW_MS = int(time.time() * 1000)
Post = Callable[..., Awaitable[Response]]

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def post(async_receipt_queue: AsyncFakeReceiptQueue) -> Post:
    state = {"secrets": secrets_from_env({"WEBHOOK_SECRETS": f"{NEW.decode()},{OLD.decode()}"})}

    async def begun(scope: Scope, receive: Receive, send: Send) -> None:
        """The application with what its lifespan gives each request."""
        await app({**scope, "state": {**state, "receipts": async_receipt_queue}}, receive, send)

    async def posted(body: bytes, header: str | None = None) -> Response:
        headers = {HEADER: sign(body, NEW, time.time()) if header is None else header}
        async with AsyncClient(transport=ASGITransport(begun), base_url="http://receiver") as client:
            return await client.post("/events", content=body, headers=headers)

    return posted


def event(kind: str = "message.displayed", **fields: object) -> bytes:
    known = {"type": kind, "dialog_id": DIALOG, "message_id": MESSAGE, "user_id": 123, "occurred_ms": NOW_MS}
    return json.dumps({**known, "more": "of the server's own", **fields}).encode()


async def test_each_kind_becomes_its_receipt(post: Post, async_receipt_queue: AsyncFakeReceiptQueue) -> None:
    events = event(), event("message.received"), event("message.corrected", text="hello"), event("user.typing")
    assert [(await post(each)).status_code for each in events] == [202] * 4
    assert async_receipt_queue.recorded == [
        MarkRead(dialog_id=DIALOG, user_id=123, up_to=MESSAGE),
        MarkDelivered(dialog_id=DIALOG, user_id=123, up_to=MESSAGE),
        EditMessage(dialog_id=DIALOG, message_id=MESSAGE, text="hello", user_id=123, revision=NOW_MS),
    ]


async def test_only_the_server_itself_and_only_now(post: Post, async_receipt_queue: AsyncFakeReceiptQueue) -> None:
    body, now_s = event(), time.time()
    assert (await post(body, sign(body, OLD, now_s))).status_code == 202
    wrong = {
        "expected t=": ("", "t=1", sign(body, NEW, now_s) + "0"),
        "another secret": (sign(body, b"guessed", now_s), sign(body + b" ", NEW, now_s)),
        "ago": (sign(body, NEW, now_s - TOLERANCE_S - 2), sign(body, NEW, now_s + TOLERANCE_S + 2)),
    }
    for words, headers in wrong.items():
        for header in headers:
            answer = await post(body, header)
            assert answer.status_code == 401
            assert words in answer.json()["error"]
    assert len(async_receipt_queue.recorded) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "body: Invalid JSON"),
        (b"\xff", "body: Invalid JSON"),
        (b"[]", "body: "),
        (b"{}", "type: Field required"),
        (event(user_id="ann"), "user_id: Input should be a valid integer"),
        (event("message.corrected"), "text: Field required"),
        (event(dialog_id="abc"), "dialog_id: expected 24 lower-case hex digits"),
        (event(user_id=0), "user_id: expected an integer from 1"),
        (event("message.corrected", text="\x00"), "text: expected no control characters"),
        (event(occurred_ms=NOW_MS * 1000), "occurred_ms: expected unix milliseconds"),
    ],
)
async def test_what_is_wrong_is_said(
    post: Post, async_receipt_queue: AsyncFakeReceiptQueue, body: bytes, words: str
) -> None:
    answer = await post(body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert async_receipt_queue.recorded == []


async def test_no_old_text_in_a_new_ones_place(post: Post, async_receipt_queue: AsyncFakeReceiptQueue) -> None:
    long_ago = NOW_MS - EDIT_AGE_MAX_MS - 60_000
    assert (await post(event("message.corrected", text="hello", occurred_ms=long_ago))).status_code == 410
    assert (await post(event(occurred_ms=long_ago))).status_code == 202
    assert len(async_receipt_queue.recorded) == 1


async def test_a_body_without_end_is_not_read_to_its_end(post: Post) -> None:
    assert (await post(b" " * (LARGEST_BODY_BYTES + 1))).status_code == 413


async def test_while_redis_is_down_the_server_is_asked_for_it_again(
    post: Post, async_receipt_queue: AsyncFakeReceiptQueue
) -> None:
    async_receipt_queue.error = redis.ConnectionError()
    answer = await post(event())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.parametrize("given", ["", "short", f"{'x' * 20},"])
def test_a_secret_that_can_be_guessed_ends_the_start(given: str) -> None:
    with pytest.raises(ValueError, match=r"^WEBHOOK_SECRETS: expected"):
        secrets_from_env({"WEBHOOK_SECRETS": given})
