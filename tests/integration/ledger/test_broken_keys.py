"""An application's own keys, damaged: what can be set aside is, anything else is named, and all goes on once mended."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import redis

from receipt_sync import ReceiptQueue, keys
from tests.histories import settlement
from tests.integration.ledger.real import APPLICATION, POLICY, PREFIX, RealLedger
from tests.ledger_audit import Accounts, audit
from tests.shorthand import DIALOG, MARKS, USER, dialogs, read
from worker.ledger import Settled

OTHERS: dict[str, Callable[[Any, str], object]] = {
    "string": lambda client, key: client.set(key, b"\xff garbage"),
    "list": lambda client, key: client.rpush(key, "garbage"),
    "set": lambda client, key: client.sadd(key, "garbage"),
    "hash": lambda client, key: client.hset(key, "garbage", "garbage"),
    "zset": lambda client, key: client.zadd(key, {"garbage": 1}),
    "stream": lambda client, key: client.xadd(key, {"garbage": "garbage"}),
}
NEEDED = {"due": "zset", "leases": "zset", "counts": "hash"}
SPARED = {"dead": "stream", "permits": "zset", "pace": "hash", "policy": "hash"}


def wrong(kinds: dict[str, str]) -> list[tuple[str, str]]:
    return [(key, other) for key, kind in kinds.items() for other in OTHERS if other != kind]


def one_round(real: RealLedger) -> None:
    """Records, rings, claims, settles and reaps: everything that a worker does."""
    real.record([read()])
    real.ledger.ring()
    claims = real.claim()
    assert [claim.slot for claim in claims] == [MARKS]
    assert real.ledger.extend([(claim.slot, claim.generation) for claim in claims]) == [True]
    assert real.ledger.settle([settlement(claim, "done") for claim in claims]) == [Settled.ENDED]
    real.ledger.reap()
    real.ledger.bury_invalid("receipts.edit_message", "{}", "invalid")


@pytest.mark.parametrize(("key", "kind"), wrong(NEEDED))
def test_a_key_that_cannot_be_done_without_is_named_by_everyone_and_work_goes_on_once_it_is_mended(
    real: RealLedger, key: str, kind: str
) -> None:
    real.record([read(1, dialog=dialogs(1)[0])])
    whole = real.redis.dump(f"{PREFIX}:{key}")
    real.redis.delete(f"{PREFIX}:{key}")
    OTHERS[kind](real.redis, f"{PREFIX}:{key}")
    before = stored(real)
    ledger = real.ledger
    calls: list[Callable[[], object]] = [
        lambda: real.record([read(1), read()]), lambda: ledger.claim(1), ledger.reap, ledger.ring,
        lambda: ledger.bury_invalid("a", "{}", "b"), lambda: ledger.extend([(MARKS, 1)]), ledger.publish_policy,
        lambda: ledger.settle([]),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(
            redis.ResponseError, match=rf"BROKENKEY .*:{key} should be a {NEEDED[key]}, and is a {kind}"
        ):
            call()
    assert stored(real) == before
    real.redis.delete(f"{PREFIX}:{key}")
    if whole:
        real.redis.restore(f"{PREFIX}:{key}", 0, whole)
    real.record([read()])
    assert {claim.slot for claim in real.claim()} == {MARKS, f"m:{dialogs(1)[0]}:u{USER}"}
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, in_flight=2)


def stored(real: RealLedger) -> dict[bytes, bytes]:
    return {key: real.redis.dump(key) for key in real.redis.keys("*")}


@pytest.mark.parametrize(("key", "kind"), wrong(SPARED))
def test_a_key_that_can_be_done_without_is_set_aside_and_work_goes_on(real: RealLedger, key: str, kind: str) -> None:
    real.redis.delete(f"{PREFIX}:{key}")
    OTHERS[kind](real.redis, f"{PREFIX}:{key}")
    one_round(real)
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, covered=1, dead=1)
    assert real.redis.type(f"{PREFIX}:broken:{key}") == kind.encode()
    assert f"a {kind}" in real.broken()[key]
    assert len(real.letters()) == 1


@pytest.mark.parametrize("kind", [other for other in OTHERS if other != "zset"])
def test_so_is_the_window_of_calls_where_there_is_a_rate(redis_client: redis.Redis, kind: str) -> None:
    real = RealLedger(redis_client, rate_per_s="100.0")
    OTHERS[kind](real.redis, f"{PREFIX}:window")
    one_round(real)
    assert f"a {kind}" in real.broken()["window"]
    assert real.redis.zcard(f"{PREFIX}:window") > 0


@pytest.mark.parametrize("kind", [other for other in OTHERS if other != "hash"])
def test_where_it_would_be_told_is_set_aside_too(real: RealLedger, kind: str) -> None:
    OTHERS[kind](real.redis, f"{PREFIX}:broken")
    real.redis.set(f"{PREFIX}:permits", "garbage")
    one_round(real)
    assert real.redis.type(f"{PREFIX}:broken:broken") == kind.encode()
    assert f"a {kind}" in real.broken()["broken"]
    assert "a string" in real.broken()["permits"]


def test_a_policy_that_was_set_aside_is_published_anew(real: RealLedger) -> None:
    real.redis.delete(f"{PREFIX}:policy")
    real.redis.set(f"{PREFIX}:policy", "garbage")
    assert not real.ledger.ring().policy_known
    real.ledger.publish_policy()
    assert real.ledger.ring().policy_known
    assert real.redis.hget(f"{PREFIX}:policy", "crashes_max") == POLICY["crashes_max"].encode()


@pytest.mark.parametrize(
    "value", ["", "garbage", "-1", "-1e300", "1e400", "inf", "-inf", "nan", "0x", b"\xff", "9" * 400]
)
@pytest.mark.parametrize("field", [*POLICY, "version"])
def test_a_policy_of_garbage_stops_nothing(real: RealLedger, field: str, value: str | bytes) -> None:
    real.redis.hset(f"{PREFIX}:policy", field, value)
    one_round(real)
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, covered=1, dead=1)


COUNTED = ["recorded", "recorded_read", "pending", "joined", "in_flight", "covered", "dead"]


@pytest.mark.parametrize("value", ["", "garbage", "1.5", "nan", "9223372036854775807", b"\xff"])
@pytest.mark.parametrize("field", COUNTED)
def test_a_count_of_garbage_strands_nothing_begins_anew_and_is_told(
    real: RealLedger, field: str, value: str | bytes
) -> None:
    real.record([read(1)])
    real.redis.hset(f"{PREFIX}:counts", field, value)
    one_round(real)
    assert [real.redis.zcard(f"{PREFIX}:{key}") for key in ("due", "leases")] == [0, 0]
    assert len(real.letters()) == 1
    assert "begun anew" in real.broken()[f"counts.{field}"]
    assert abs(int(real.redis.hget(f"{PREFIX}:counts", field) or 0)) <= 2


@pytest.mark.parametrize("value", ["garbage", "9223372036854775807"])
def test_a_message_that_was_thrown_away_is_counted_anew_beside_garbage(real: RealLedger, value: str) -> None:
    real.redis.hset(f"{PREFIX}:counts", "refused", value)
    real.ledger.count_refused()
    real.ledger.count_refused()
    assert real.redis.hget(f"{PREFIX}:counts", "refused") == b"2"


def test_a_damaged_application_harms_no_other(real: RealLedger, redis_client: redis.Redis) -> None:
    for key in NEEDED:
        redis_client.set(f"{keys.prefix('another')}:{key}", "garbage")
    with pytest.raises(redis.ResponseError):
        ReceiptQueue(client=redis_client, application="another").mark_dialog_read(DIALOG, user_id=USER)
    one_round(real)


@pytest.mark.parametrize("kind", OTHERS)
def test_what_was_told_for_ever_is_news(real: RealLedger, kind: str) -> None:
    """Ours run out; one that does not is another hand's, and would keep an outage from everybody."""
    OTHERS[kind](real.redis, f"{PREFIX}:told:outage")
    assert [real.ledger.is_news("outage", 60_000) for _ in range(2)] == [True, False]
    assert 0 < real.redis.pttl(f"{PREFIX}:told:outage") <= 60_000


@pytest.mark.parametrize("value", ["", "garbage", "nan", "1e400", "9223372036854775807", b"\xff"])
def test_starts_of_garbage_begin_anew(real: RealLedger, value: str | bytes) -> None:
    real.ledger.start("message-1")
    [key] = real.redis.keys(f"{PREFIX}:start:*")
    real.redis.set(key, value)
    assert [real.ledger.start("message-1") for _ in range(2)] == [0, 1]
    assert real.redis.pttl(key) > 0


@pytest.mark.parametrize("kind", OTHERS)
def test_starts_of_another_type_begin_anew(real: RealLedger, kind: str) -> None:
    real.ledger.start("message-1")
    [key] = real.redis.keys(f"{PREFIX}:start:*")
    real.redis.delete(key)
    OTHERS[kind](real.redis, key.decode())
    assert [real.ledger.start("message-1") for _ in range(2)] == [0, 1]
    real.ledger.end("message-1")
    assert not real.redis.exists(key)


@pytest.mark.parametrize("value", ["", "garbage", "nan", "1e400", "-1", "9223372036854775807", b"\xff"])
def test_garbage_is_no_time_at_which_a_message_was_first_taken(real: RealLedger, value: str | bytes) -> None:
    real.ledger.first_taken_ms("message-1")
    [key] = real.redis.keys(f"{PREFIX}:first:*")
    real.redis.set(key, value)
    before_ms = real.now_ms()
    taken_ms = real.ledger.first_taken_ms("message-1")
    assert before_ms <= taken_ms == real.ledger.first_taken_ms("message-1")
    assert real.redis.pttl(key) > 0


@pytest.mark.parametrize("kind", OTHERS)
def test_another_type_is_no_time_at_which_a_message_was_first_taken(real: RealLedger, kind: str) -> None:
    OTHERS[kind](real.redis, f"{PREFIX}:first:{hashlib.sha256(b'message-1').hexdigest()[:32]}")
    before_ms = real.now_ms()
    assert before_ms <= real.ledger.first_taken_ms("message-1")


# Versions -------------------------------------------------------------------------------------------------------


# What does without a function: counting what was refused, giving a permit back, striking off a start, being news.
def test_a_ledger_of_a_newer_version_is_not_touched(real: RealLedger) -> None:
    real.record([read()])
    [claim] = real.claim()
    real.ledger.bury_invalid("receipts.mark_dialog_read", "{}", "invalid")
    [letter] = real.letterbox.newest(10)
    real.redis.hset(f"{PREFIX}:policy", "version", 2)
    before = stored(real)
    ledger = real.ledger
    calls: list[Callable[[], object]] = [
        lambda: real.record([read()]), lambda: ledger.claim(1), ledger.reap, ledger.ring, ledger.publish_policy,
        lambda: ledger.bury_invalid("a", "{}", "b"), lambda: ledger.settle([settlement(claim, "done")]),
        lambda: ledger.extend([(claim.slot, claim.generation)]),
        lambda: ledger.expire([(claim.slot, claim.generation)]),
        ledger.expire_letters, ledger.fade_tokens, lambda: ledger.pause("why"), ledger.resume,
        lambda: ledger.start("message-1"), lambda: ledger.first_taken_ms("message-1"),
        lambda: real.letterbox.drop([letter.id]),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(redis.ResponseError, match=r"VERSION .* is a ledger of version 2, this program knows 1"):
            call()
    assert stored(real) == before


def test_a_ledger_without_a_version_is_of_the_first(real: RealLedger) -> None:
    real.redis.hdel(f"{PREFIX}:policy", "version")
    one_round(real)
    real.ledger.publish_policy()
    assert real.redis.hget(f"{PREFIX}:policy", "version") == b"1"


# Members and scores ---------------------------------------------------------------------------------------------

NO_SLOTS = [
    "", ":", "m", "m:", "m::", "m:a:b:c", "e:only", "x:a:b", "due", "counts", "policy", "pace", "broken", "wake",
    "m:" + "a" * 100_000, b"\xff\xfe", b"m:\xff:u1", "m:a:u1\n", "e:\x00:\x00",
]  # fmt: skip


@pytest.mark.parametrize("score", [0, -1, float("-inf"), 1e300, float("inf")])
@pytest.mark.parametrize("key", ["due", "leases"])
def test_members_that_are_no_slots_are_set_aside_and_the_others_go_on(real: RealLedger, key: str, score: float) -> None:
    real.redis.zadd(f"{PREFIX}:{key}", dict.fromkeys(NO_SLOTS, score))
    for _ in range(3):
        real.ledger.reap()
        real.claim()
    assert real.redis.zcard(f"{PREFIX}:{key}") == 0
    one_round(real)


@pytest.mark.parametrize("slot", [b"x:a:b", b"m", b"e:a", b"m:a:b:c", b"m:\xff:u1", b"e:\xff:\xff"])
def test_a_slot_of_an_unknown_kind_with_receipts_in_it_becomes_a_dead_letter(real: RealLedger, slot: bytes) -> None:
    fields = {"R": 1, "pt": 1, "pr": 1, "pn": 1, "pv": 1, "px": b"\xff", "pu": "u1", "pk": ""}
    real.redis.hset(f"{PREFIX}:".encode() + slot, mapping=fields)
    real.redis.zadd(f"{PREFIX}:due", {slot: 1})
    for name in ("recorded", "pending"):
        real.redis.hincrby(f"{PREFIX}:counts", name, 1)
    assert real.claim() == []
    (letter,) = real.redis.xrange(f"{PREFIX}:dead")
    assert letter[1][b"slot"] == slot
    assert letter[1][b"reason"].startswith(b"unreadable")
    one_round(real)


@pytest.mark.parametrize("key", ["due", "leases"])
def test_a_slot_that_would_wait_for_ever_does_not(real: RealLedger, key: str) -> None:
    real.record([read()])
    if key == "leases":
        real.claim()
    real.redis.zadd(f"{PREFIX}:{key}", {MARKS: float("inf")})
    real.ledger.reap()
    real.ledger.reap()
    assert [claim.slot for claim in real.claim()] == [MARKS]


def test_permits_that_never_run_out_do_not_keep_the_doorbells_silent(real: RealLedger) -> None:
    real.record([read()])
    real.redis.zadd(f"{PREFIX}:permits", {f"garbage-{n}": float("inf") for n in range(real.ledger.size.syncs_max)})
    assert real.ledger.ring().permits == []
    real.ledger.reap()
    assert len(real.ledger.ring().permits) == 1


PACES = ["", "garbage", "-1e300", "1e300", "inf", "-inf", "nan"]


# All of receipt_sync/keys.py.
PACE_FIELDS = [
    "tokens", "at", "limit", "low", "cut", "peak", "grown", "pressed", "blind", "cost", "round", "passed",
    "refused", "n0", "n15", "q0", "q15", "hold", "holds", "w_at", "w_calls", "w_failed", "w_calls_before",
    "w_failed_before", "open", "till", "why", "outage", "opens", "before", "closed", "probe", "over", "idle",
    "idle_till", "retries", "r_at", "paused", "paused_why",
]  # fmt: skip


@pytest.mark.parametrize("value", PACES)
@pytest.mark.parametrize("field", PACE_FIELDS)
def test_a_pace_of_garbage_holds_nothing_up_for_ever(redis_client: redis.Redis, field: str, value: str) -> None:
    real = RealLedger(redis_client, rate_per_s="72")
    real.redis.hset(f"{PREFIX}:pace", field, value)
    real.ledger.reap()
    one_round(real)
