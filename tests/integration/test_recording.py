"""Recording a message that the broker hands out again: what counts as a death of its process, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from celery.exceptions import Reject

from receipt_sync.calls import EDIT, READ
from settings import load
from stack.redis_server import RedisServer
from tests.ledger_audit import Accounts, audit
from tests.running import until
from tests.shorthand import DIALOG, EDITS, USER, msg
from worker import recording
from worker.ledger import Done, EditClaim, Part
from worker.ledger.letterbox import Letterbox, Replayed
from worker.recording import PoisonReceipt, record_call
from worker.runtime import Runtime

CALL: dict[str, object] = {"dialog_id": DIALOG, "user_id": USER}
CRASHES_MAX = 3


@pytest.fixture
def held(redis_server: RedisServer, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setattr(recording, "pause", lambda _seconds: None)
    assert redis_client.dbsize() == 0
    return Runtime(load({"REDIS_URL": redis_server.url, "RECEIPTS_CRASHES_MAX": str(CRASHES_MAX)}))


def starts(redis_client: redis.Redis) -> int:
    found: Any = redis_client.keys("rs:{default}:start:*")
    return len(found)


def die(held: Runtime, times: int) -> None:
    for _ in range(times):
        held.ways["default"].ledger.start("an-id")


def test_a_message_that_comes_back_is_recorded_and_struck_off(held: Runtime, redis_client: redis.Redis) -> None:
    die(held, CRASHES_MAX - 1)
    record_call(held, READ, (), CALL, "an-id")
    assert audit(redis_client, "default") == Accounts(recorded=1, pending=1)
    assert starts(redis_client) == 0


def test_one_that_was_begun_too_often_is_a_dead_letter(held: Runtime, redis_client: redis.Redis) -> None:
    die(held, CRASHES_MAX)
    record_call(held, READ, (), CALL, "another-id")
    with pytest.raises(PoisonReceipt):
        record_call(held, READ, (), CALL, "an-id")
    assert audit(redis_client, "default") == Accounts(recorded=2, dead=1, pending=1)
    assert starts(redis_client) == 0


def test_one_whose_dead_letter_cannot_be_stored_is_tried_no_more(
    held: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    die(held, CRASHES_MAX)

    def full(*_: object, **_more: object) -> None:
        raise redis.ResponseError("OOM command not allowed")

    monkeypatch.setattr(type(held.ways["default"].ledger), "bury_invalid", full)
    with pytest.raises(Reject):
        record_call(held, READ, (), CALL, "an-id")
    monkeypatch.undo()
    with pytest.raises(PoisonReceipt):
        record_call(held, READ, (), CALL, "an-id")


@pytest.mark.parametrize(
    "error",
    [
        redis.ConnectionError("x"),
        redis.TimeoutError("x"),
        redis.ResponseError("OOM x"),
        redis.InvalidResponse("Protocol Error"),
        redis.exceptions.ClusterError("TTL exhausted."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_ledger_that_is_away_or_full_kills_nobody(
    held: Runtime, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch, error: redis.RedisError
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(type(held.queue("default")), "record_many", refuse)
        for _ in range(3 * CRASHES_MAX):
            with pytest.raises(Reject):
                record_call(held, READ, (), CALL, "an-id")
    record_call(held, READ, (), CALL, "an-id")
    assert audit(redis_client, "default") == Accounts(recorded=1, pending=1)


@pytest.mark.parametrize("came_back", [None, "an-id"])
def test_a_bug_of_ours_loses_no_receipt(
    held: Runtime, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch, came_back: str | None
) -> None:
    def bug(*_: object, **__: object) -> None:
        raise KeyError("a private word")

    monkeypatch.setattr(type(held.queue("default")), "record_many", bug)
    with pytest.raises(KeyError):
        record_call(held, READ, (), CALL, came_back)
    assert audit(redis_client, "default") == Accounts(recorded=1, dead=1)
    assert starts(redis_client) == 0
    letters: Any = redis_client.xrange("rs:{default}:dead")
    [(_, letter)] = letters
    assert letter[b"reason"] == b"refused: a bug of the worker, KeyError"
    assert DIALOG.encode() in letter[b"arguments"]


def test_a_bug_whose_dead_letter_cannot_be_stored_sends_its_message_back(
    held: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object, **__: object) -> None:
        raise KeyError

    def away(*_: object, **__: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(type(held.queue("default")), "record_many", bug)
    monkeypatch.setattr(type(held.ways["default"].ledger), "bury_invalid", away)
    with pytest.raises(Reject):
        record_call(held, READ, (), CALL)


@pytest.mark.parametrize("key", ["due", "leases", "counts"])
@pytest.mark.parametrize("came_back", [None, "an-id"])
@pytest.mark.parametrize("call", [CALL, {"dialog_id": "wrong"}], ids=["right", "wrong"])
def test_a_call_waits_in_the_broker_until_a_broken_key_is_mended(
    held: Runtime, redis_client: redis.Redis, key: str, came_back: str | None, call: dict[str, object]
) -> None:
    held.redis.set(f"rs:{{default}}:{key}", "garbage")
    for _ in range(2):
        with pytest.raises(Reject):
            record_call(held, READ, (), call, came_back)
    assert redis_client.keys("*") == [f"rs:{{default}}:{key}".encode()]


def test_the_trace_of_a_message_goes_along(held: Runtime, redis_client: redis.Redis) -> None:
    trace = f"00-{7:032x}-{9:016x}-01"
    record_call(held, READ, (), CALL, None, trace)
    record_call(held, READ, (), CALL, "an-id", trace)
    [claim] = held.ways["default"].ledger.claim(1).claims
    assert claim.traces == (trace,)
    assert audit(redis_client, "default") == Accounts(recorded=2, in_flight=2)


# An edit without a revision ------------------------------------------------------------------------------------------


class Died(BaseException):
    """As a SIGKILL: nothing of ours catches it."""


def take(held: Runtime, text: str, *, came_back: bool = False, **more: object) -> None:
    """A worker takes the message of an edit; its id is its text."""
    call = {"dialog_id": DIALOG, "message_id": msg(1), "text": text, "user_id": USER, **more}
    record_call(held, EDIT, (), call, text if came_back else None, None, text)


def pass_a_millisecond(held: Runtime) -> None:
    def now_ms() -> int:
        seconds, microseconds = held.redis.time()
        return seconds * 1000 + microseconds // 1000

    # Two, for the clock that gives a revision may be another than this one.
    until_ms = now_ms() + 2
    until(lambda: now_ms() >= until_ms, "Redis' clock has gone on")


def send(held: Runtime) -> str:
    """The text that a PUT carries now, and the API accepts."""
    ledger = held.ways["default"].ledger
    [claim] = ledger.claim(1).claims
    assert isinstance(claim, EditClaim)
    ledger.settle([(claim.slot, claim.generation, Done(Part()))])
    return claim.text


def interrupt(held: Runtime, text: str, error: BaseException, patch: pytest.MonkeyPatch) -> None:
    """A worker takes the message, and something happens before it is recorded."""

    def refuse(*_: object, **__: object) -> None:
        raise error

    with patch.context() as patched:
        patched.setattr(type(held.queue("default")), "record_many", refuse)
        with pytest.raises((Reject, Died)):
            take(held, text)


def test_an_edit_that_comes_back_goes_under_what_was_sent_since(held: Runtime, redis_client: redis.Redis) -> None:
    take(held, "older")
    pass_a_millisecond(held)
    take(held, "newer")
    assert send(held) == "newer"
    pass_a_millisecond(held)
    take(held, "older", came_back=True)
    assert audit(redis_client, "default") == Accounts(recorded=3, covered=3)


def test_an_edit_that_comes_twice_goes_under_what_waits(held: Runtime) -> None:
    take(held, "older")
    pass_a_millisecond(held)
    take(held, "newer")
    pass_a_millisecond(held)
    take(held, "older")
    assert send(held) == "newer"


@pytest.mark.parametrize("error", [Died(), redis.TimeoutError("x")], ids=lambda error: type(error).__name__)
def test_an_edit_keeps_its_place_though_it_was_not_recorded_at_first(
    held: Runtime, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    interrupt(held, "older", error, monkeypatch)
    pass_a_millisecond(held)
    take(held, "newer")
    pass_a_millisecond(held)
    take(held, "older", came_back=True)
    assert send(held) == "newer"


def test_an_edit_that_killed_its_workers_is_replayed_under_what_was_sent_since(
    held: Runtime, redis_client: redis.Redis
) -> None:
    take(held, "older")
    pass_a_millisecond(held)
    take(held, "newer")
    assert send(held) == "newer"
    for _ in range(CRASHES_MAX):
        held.ways["default"].ledger.start("older")
    with pytest.raises(PoisonReceipt):
        take(held, "older", came_back=True)
    box = Letterbox(redis_client, "default", 1_000)
    [letter] = box.newest(2)
    assert box.replay(letter) == Replayed(1)


def test_only_edits_without_a_revision_are_remembered_and_for_a_day(held: Runtime, redis_client: redis.Redis) -> None:
    client: Any = redis_client
    record_call(held, READ, (), CALL, None, None, "mark")
    take(held, "with", revision=1)
    assert client.keys("rs:{default}:first:*") == []
    take(held, "without", revision=None)
    [key] = client.keys("rs:{default}:first:*")
    assert 86_390_000 < client.pttl(key) <= 86_400_000
    assert client.hget(f"rs:{{default}}:{EDITS}", "pv") == client.get(key)


def test_an_edit_whose_ledger_is_away_is_not_given_a_place_elsewhere(
    held: Runtime, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise redis.ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(type(held.ways["default"].ledger), "first_taken_ms", away)
        with pytest.raises(Reject):
            take(held, "older")
    assert redis_client.dbsize() == 0
