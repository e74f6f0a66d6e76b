"""The doors: for each, what comes in, and what must hold whatever came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import redis
from celery import Celery
from celery.app.task import Context
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from kombu.connection import Connection
from kombu.utils.json import loads

from receipt_sync import InvalidReceipt, ReceiptQueue
from settings import load
from tests.contract.scripted_server import ScriptedServer, answers
from tests.fuzz.values import ANYTHING, JSON, NAMES, TOKEN, arguments, items
from tests.fuzz.variants import Crossed, Vary, bytes_of, each_part, shuffled
from tests.ledger_audit import audit
from worker.admission import KNOWN, envelope_fault, item_fault, most_bytes, task_fault
from worker.answers import WORDS_MAX_CHARS, retry_after_s, words_of
from worker.chat_api import ChatApi, Endpoint
from worker.ledger import UnreadableSlotError
from worker.ledger.claims import parse_claim
from worker.plan import Put
from worker.private_request import PrivateRequest
from worker.quarantine import call_of, shown_arguments
from worker.recording import record_call
from worker.runtime import Runtime
from worker.verdicts import Rejected, Sent, Throttled, Unauthorized, Unavailable

PREFIX = "rs:{default}"
_COUNTS = f"{PREFIX}:counts"
_AUDIT_EVERY = 200


@dataclass
class Door:
    """One door.

    Attributes:
        name: for the report.
        share: of all inputs, in per mille.
        inputs: what comes in.
        vary: another input made of one that was drawn.
        check: takes one input; raises when something does not hold.
        end: called after the last.
    """

    name: str
    share: int
    inputs: SearchStrategy[Any]
    vary: Vary
    check: Callable[[Any], None]
    end: Callable[[], None] = field(default=lambda: None)


class Books:
    """The accounts of a real ledger, audited now and then; then it is emptied, so that it does not grow."""

    def __init__(self, client: redis.Redis) -> None:
        self.redis: Any = client
        self.redis.flushdb()
        self._left = _AUDIT_EVERY

    def stand(self) -> tuple[int, int, int]:
        """Receipts recorded, receipts dead, keys."""
        pipeline = self.redis.pipeline(transaction=False)
        recorded, dead, size = pipeline.hget(_COUNTS, "recorded").hget(_COUNTS, "dead").dbsize().execute()
        return int(recorded or 0), int(dead or 0), size

    def audit(self) -> None:
        assert not self.redis.keys(f"{PREFIX}:start:*")
        audit(self.redis, "default")
        self.redis.flushdb()
        self._left = _AUDIT_EVERY

    def next(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.audit()


# The producers' library -----------------------------------------------------------------------------------------

_METHODS = {"receipts.mark_dialog_read": "mark_dialog_read", "receipts.mark_dialog_delivered": "mark_dialog_delivered",
    "receipts.edit_message": "edit_message"}  # fmt: skip
_POSITIONAL = {"receipts.edit_message": ("dialog_id", "message_id", "text")}


def library(client: redis.Redis) -> Door:
    """`ReceiptQueue`: InvalidReceipt and nothing stored, or recorded."""
    queue, books = ReceiptQueue(client=client), Books(client)

    def check(call: tuple[str, dict[str, Any], Any]) -> None:
        name, given, first = call
        before = books.stand()
        required = _POSITIONAL.get(name, ("dialog_id",))
        by_place = [given.pop(each, first) for each in required]
        try:
            getattr(queue, _METHODS[name])(*by_place, **given)
        except InvalidReceipt:
            assert books.stand() == before
        else:
            assert books.stand()[0] > before[0]
        books.next()

    calls = NAMES.flatmap(lambda name: st.tuples(st.just(name), arguments(name, ANYTHING), ANYTHING))
    return Door("library: ReceiptQueue's methods", 90, calls, Crossed(), check, books.audit)


def library_many(client: redis.Redis) -> Door:
    """`record_many` with anything: InvalidReceipt and nothing stored."""
    queue, books = ReceiptQueue(client=client), Books(client)

    def check(receipts: list[Any]) -> None:
        try:
            queue.record_many(receipts)
        except InvalidReceipt:
            assert books.redis.dbsize() == 0
        else:
            assert not receipts

    return Door("library: record_many", 20, st.lists(ANYTHING, max_size=4), shuffled, check)


# The broker's door ----------------------------------------------------------------------------------------------


def broker(client: redis.Redis, url: str) -> Door:
    """`record_call`: recorded, or InvalidReceipt and a dead letter without the token."""
    held, books = Runtime(load({"REDIS_URL": url})), Books(client)

    def check(call: tuple[str, dict[str, Any], list[Any], str | None]) -> None:
        name, kwargs, args, came_back = call
        recorded, dead, _ = books.stand()
        try:
            record_call(held, name, args, kwargs, came_back)
        except InvalidReceipt:
            assert books.stand()[:2] == (recorded + 1, dead + 1)
            [(_, letter)] = books.redis.xrevrange(f"{PREFIX}:dead", count=1)
            assert TOKEN.encode() not in letter[b"arguments"]
        else:
            after = books.stand()
            assert after[0] > recorded
            assert after[1] == dead
        books.next()

    calls = NAMES.flatmap(
        lambda name: st.tuples(
            st.just(name),
            arguments(name, JSON, ("application",)),
            st.lists(JSON, max_size=4) if name == "receipts.edit_message" else st.lists(JSON, max_size=1),
            st.none() | st.text(min_size=1, max_size=20),
        )
    )
    return Door("broker: record_call", 80, calls, Crossed(), check, books.audit)


def _nothing() -> None:
    """A task that is never run."""


def queue_items() -> Door:
    """Items of a queue: refused with a reason, or kombu and Celery can take them."""
    app = Celery("fuzz", set_as_current=False)
    tasks = {name: app.task(name=name)(_nothing) for name in KNOWN}
    channel = Connection("memory://").default_channel  # type: ignore[no-untyped-call]
    most = most_bytes(65_536)

    def check(item: bytes) -> None:
        if item_fault(item, most) is not None:
            return
        message = channel.Message(_parsed(item), channel=channel)  # type: ignore[no-untyped-call]
        message.accept = {"application/json"}
        try:
            payload = message.payload
        except Exception:  # noqa: BLE001 - any error of decoding is a refusal (worker/guard)
            return
        if task_fault(message.headers, payload) is not None:
            name, args, kwargs = call_of(message.headers, payload)
            assert isinstance(shown_arguments(str(name), args, kwargs).text, str)
            return
        protocol_2 = "task" in message.headers
        fields = message.headers if protocol_2 else payload
        body: Any = None if protocol_2 else (payload.get("args", ()), payload.get("kwargs", {}), {})
        request = PrivateRequest(message, app=app, task=tasks[fields["task"]], headers=dict(fields), body=body,
            decoded=not protocol_2)  # fmt: skip
        assert not request.eta
        request.revoked()
        _limit, _soft = request.time_limits
        Context(request.request_dict, args=request.args, called_directly=False, kwargs=request.kwargs)
        request.info()

    return Door("broker: items of a queue", 450, items(), bytes_of, check)


def _parsed(item: bytes) -> Any:
    parsed = loads(item.decode())  # type: ignore[no-untyped-call]
    assert envelope_fault(parsed) is None
    return parsed


# What the worker reads ------------------------------------------------------------------------------------------

_BYTES = st.binary(max_size=30) | st.sampled_from(
    [b"", b"0", b"-1", b"nan", b"1e400", b"u1", b"9" * 5000, b"r" + b"d" * 24]
)
_SLOTS = st.sampled_from(
    [b"m:" + b"d" * 24 + b":u1", b"e:" + b"d" * 24 + b":" + b"e" * 24, b"x:a:b", b"m", b"e:a:\xff"]
)


def redis_answers() -> Door:
    """A claim's answer: a claim that can be sent, or UnreadableSlotError."""

    def check(answer: list[Any]) -> None:
        try:
            claim = parse_claim(answer, 0.0)
        except UnreadableSlotError:
            return
        assert len(claim.dialog_id) == 24

    answers_of = st.tuples(_SLOTS | _BYTES, st.integers(0, 2**53), st.lists(_BYTES | st.integers(), max_size=9))
    return Door("worker: answers of Redis", 160, answers_of.map(lambda a: [a[0], a[1], *a[2]]), each_part, check)


def api_words() -> Door:
    """An API's body and its Retry-After: one short line, seconds or None."""

    def check(said: tuple[bytes, str]) -> None:
        body, header = said
        words = words_of(body, (TOKEN,))
        assert len(words) <= WORDS_MAX_CHARS
        assert "\n" not in words
        words.encode()
        wait_s = retry_after_s(header, datetime(2026, 1, 1, tzinfo=UTC))
        assert wait_s is None or wait_s >= 0

    bodies = st.binary(max_size=200) | JSON.map(lambda value: repr(value).replace("'", '"').encode(errors="replace"))
    return Door("worker: words of the API", 190, st.tuples(bodies, st.text(max_size=30)), each_part, check)


def api_answers(server: ScriptedServer) -> Door:
    """Raw bytes as HTTP answers: one of the five verdicts."""
    endpoint = Endpoint(server.url, "key", connect_timeout_s=5, read_timeout_s=5)
    put = Put("d" * 24, (), "r", "u1", None)

    def check(raw: bytes) -> None:
        answer = answers(raw)
        server.script = lambda connection, request: answer(connection, request) and request is None
        assert isinstance(ChatApi(endpoint).send(put), (Sent, Rejected, Throttled, Unavailable, Unauthorized))

    lines = st.sampled_from(
        [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 429 \r\n", b"HTTP/1.1 400 x\r\n", b"HTTP/9 abc\r\n", b""]
    )
    headers = st.sampled_from([b"Content-Length: 5\r\n\r\n",
        b"Content-Encoding: gzip\r\n\r\n", b"Retry-After: \xff\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"Location: http://[\r\n\r\n", b"\r\n"])  # fmt: skip
    raws = st.tuples(lines, headers, st.binary(max_size=40)).map(b"".join) | st.binary(max_size=60)
    return Door("worker: answers of the API", 10, raws, bytes_of, check)
