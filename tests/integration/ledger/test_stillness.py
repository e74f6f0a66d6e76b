"""What stands still, and must neither stand for ever nor cost a receipt: a breaker, a probe, a pause, a wait."""

from __future__ import annotations

from typing import Any, Literal

import pytest
import redis

from tests.histories import AnyClaim, settlement
from tests.integration.ledger.real import LEASE_MS, PREFIX, RealLedger
from tests.integration.session.test_breaker import probe
from tests.shorthand import dialogs, read
from worker.ledger import Again, Back, Outcome, Settled
from worker.ledger.standing import standing

PACE = f"{PREFIX}:pace"
HOUR_MS = 3_600_000
KEY_REFUSED = Again("the API key was refused", "unauthorized", hold_ms=30_000, took_ms=5)
SESSION_REFUSED = Again("the session token was refused", "unauthorized", wants_token=True, took_ms=5)
FAILED = Again("status 503", "unavailable", costs_attempt=True, took_ms=5)
OTHERS_USER = Again("no API key", "", delay_ms=30_000, wants_token=True)
NO_SESSION = Again("no service session", "", delay_ms=250)
LOGGED_IN = Again("its call went into making the service session", "logged_in", delay_ms=1)
LOGIN_REFUSED = Again("no service session: refused", "login_refused", delay_ms=1)
LOGIN_FAILED = Again("no service session: unavailable", "unavailable", delay_ms=1)


def claim_one(real: RealLedger) -> AnyClaim:
    (claim,) = real.claim(1)
    return claim


def settle(real: RealLedger, claim: Any, ending: Literal["done"] | Outcome) -> Settled:
    (settled,) = real.ledger.settle([settlement(claim, ending)])
    return settled


def hours_pass(real: RealLedger, slot: str, hours: int) -> None:
    """The same as if so many hours went by: all that is known of the slot lies so far back."""
    past_ms = hours * HOUR_MS
    for field in {"q", "s", "pt", "u"} & real.fields(slot).keys():
        real.redis.hincrby(f"{PREFIX}:{slot}", field, -past_ms)
    score = real.redis.zscore(f"{PREFIX}:due", slot)
    if score is not None:
        real.redis.zadd(f"{PREFIX}:due", {slot: int(score) - past_ms})


def hours_pass_in(real: RealLedger, hours: int, *times: str) -> None:
    """So many hours ago lie these times of the pace."""
    for field in times:
        real.redis.hincrby(PACE, field, -hours * HOUR_MS)


def claim_due(real: RealLedger, slot: str) -> AnyClaim:
    real.redis.zadd(f"{PREFIX}:due", {slot: 0})
    return claim_one(real)


def probe_since(real: RealLedger, ago_ms: int) -> AnyClaim:
    """The probe that has been allowed for so long, or any other claim."""
    real.redis.hset(PACE, mapping={"till": real.now_ms() - ago_ms, "hold": 0})
    return claim_one(real)


# The breaker of a key that was taken away ----------------------------------------------------------------------------


def refused_key(client: redis.Redis, **policy: str) -> RealLedger:
    real = RealLedger(client, **policy)
    real.record([read()])
    settle(real, claim_one(real), KEY_REFUSED)
    assert real.redis.hget(PACE, "why") == b"key"
    real.redis.delete(f"{PREFIX}:due")
    return real


@pytest.mark.parametrize("ending", ["done", SESSION_REFUSED])
def test_the_breaker_of_a_refused_key_closes_by_any_answer_where_no_key_exists(
    redis_client: redis.Redis, ending: Literal["done"] | Outcome
) -> None:
    real = refused_key(redis_client, has_key="0")
    real.record([read(dialog=dialogs(1)[0], token="a-session")])
    settle(real, probe(real), ending)
    assert not real.redis.hexists(PACE, "open")


@pytest.mark.parametrize("has_key", [{}, {"has_key": "1"}, {"has_key": "garbage"}])
def test_it_does_not_where_there_may_be_one(redis_client: redis.Redis, has_key: dict[str, str]) -> None:
    real = refused_key(redis_client, **has_key)
    real.record([read(dialog=dialogs(1)[0], token="a-session")])
    settle(real, probe(real), SESSION_REFUSED)
    assert real.redis.hexists(PACE, "open")


# A probe that makes no call ------------------------------------------------------------------------------------------


def opened(client: redis.Redis, slots: int = 3) -> RealLedger:
    """An application whose breaker has just opened, with slots due."""
    real = RealLedger(client, breaker_calls_min="2")
    real.record([read(dialog=dialog) for dialog in dialogs(slots)])
    for claim in real.claim(2):
        settle(real, claim, FAILED)
    assert real.redis.hexists(PACE, "open")
    return real


@pytest.mark.parametrize("ending", [NO_SESSION, OTHERS_USER, Back("closing")])
def test_a_probe_that_makes_no_call_lets_the_next_go_at_once(redis_client: redis.Redis, ending: Outcome) -> None:
    real = opened(redis_client)
    unsent = probe(real)
    assert real.claim() == []
    settle(real, unsent, ending)
    assert len(real.claim()) == 1
    assert real.redis.hexists(PACE, "open")


def test_a_probe_that_may_have_made_its_call_is_waited_for(redis_client: redis.Redis) -> None:
    real = opened(redis_client)
    settle(real, probe(real), Again("bug: KeyError", "", delay_ms=HOUR_MS, costs_attempt=True, in_doubt=True))
    assert real.claim() == []


def test_a_late_probe_that_made_no_call_does_not_free_the_one_after_it(redis_client: redis.Redis) -> None:
    real = opened(redis_client)
    late = probe(real)
    real.redis.hset(PACE, "probe", real.now_ms() - LEASE_MS)  # another is under way since
    settle(real, late, NO_SESSION)
    assert real.claim() == []


def test_nor_does_it_end_the_pause_after_one_that_failed(redis_client: redis.Redis) -> None:
    real = opened(redis_client)
    late = probe(real)
    settle(real, probe(real), FAILED)
    settle(real, late, NO_SESSION)
    assert real.claim() == []


# Another user's receipts beside a service session --------------------------------------------------------------------


@pytest.mark.parametrize("ending", [LOGGED_IN, LOGIN_REFUSED, LOGIN_FAILED, NO_SESSION, Back("closing")])
def test_what_no_credentials_serve_waits_on_while_others_log_in(real: RealLedger, ending: Outcome) -> None:
    real.record([read()])
    settle(real, claim_one(real), OTHERS_USER)
    (slot,) = real.generations
    for _ in range(12):
        hours_pass(real, slot, 2)
        settle(real, claim_one(real), ending)
        real.come_due()
    assert settle(real, claim_one(real), OTHERS_USER) is Settled.DIED


@pytest.mark.parametrize("ending", [FAILED, KEY_REFUSED, Again("throttled", "throttled", took_ms=5)])
def test_a_put_ends_that_wait(real: RealLedger, ending: Outcome) -> None:
    real.record([read()])
    settle(real, claim_one(real), OTHERS_USER)
    (slot,) = real.generations
    real.come_due()
    settle(real, claim_one(real), ending)
    assert "u" not in real.fields(slot)


# A pause and the clock -----------------------------------------------------------------------------------------------


def test_a_pause_outlasts_a_clock_that_is_set_back(real: RealLedger) -> None:
    real.record([read()])
    real.ledger.pause("a move")
    real.redis.hincrby(PACE, "paused", HOUR_MS)
    seen = standing(real.redis, "app-1")
    assert seen.paused is not None
    assert (seen.paused.since_ms, seen.paused.why) == (seen.now_ms, "a move")
    assert real.claim() == []
    assert int(real.redis.hget(PACE, "paused")) <= real.now_ms()
    before = real.ledger.resume()
    assert before is not None
    assert before.since_ms == pytest.approx(real.now_ms(), abs=10_000)
    assert len(real.claim()) == 1


# What counts as failing ----------------------------------------------------------------------------------------------


def failed_once(real: RealLedger) -> str:
    real.record([read()])
    settle(real, claim_one(real), FAILED)
    (slot,) = real.generations
    return slot


def test_what_waited_for_a_worker_for_a_day_is_not_given_up_at_the_next_failure(real: RealLedger) -> None:
    slot = failed_once(real)
    hours_pass(real, slot, 30)
    assert settle(real, claim_one(real), FAILED) is Settled.ENDED
    assert real.now_ms() - int(real.fields(slot)["q"]) < 60_000


def test_what_failed_for_a_day_is_given_up(real: RealLedger) -> None:
    slot = failed_once(real)
    hours_pass(real, slot, 30)
    real.redis.zadd(f"{PREFIX}:due", {slot: real.now_ms()})
    assert settle(real, claim_one(real), FAILED) is Settled.DIED


def test_the_wait_for_its_turn_counts_once_however_often_it_is_put_off(real: RealLedger) -> None:
    slot = failed_once(real)
    hours_pass(real, slot, 30)
    real.redis.zadd(f"{PREFIX}:due", {slot: real.now_ms() - 3 * HOUR_MS})
    settle(real, claim_one(real), Back("closing"))
    for _ in range(9):  # handed back, it is due since it was recorded
        settle(real, claim_one(real), Back("closing"))
    assert settle(real, claim_one(real), FAILED) is Settled.DIED


def test_a_day_behind_an_open_breaker_is_a_day_of_failing(redis_client: redis.Redis) -> None:
    real = opened(redis_client, 2)
    for slot in real.generations:
        hours_pass(real, slot, 30)
    hours_pass_in(real, 30, "open", "outage")  # probed since, the last time just now
    claim = probe_since(real, 0)
    assert settle(real, claim, FAILED) is Settled.DIED


def test_so_it_is_when_it_has_just_closed(redis_client: redis.Redis) -> None:
    real = opened(redis_client, 2)
    for slot in real.generations:
        hours_pass(real, slot, 30)
    hours_pass_in(real, 30, "open", "outage")
    settle(real, probe_since(real, 0), "done")
    real.redis.hdel(PACE, "tokens", "at", "limit")
    assert settle(real, claim_one(real), FAILED) is Settled.DIED


@pytest.mark.parametrize("first", ["done", FAILED])
def test_a_pause_of_a_day_behind_an_open_breaker_is_none(
    redis_client: redis.Redis, first: Literal["done"] | Outcome
) -> None:
    real = opened(redis_client, 2)
    for slot in real.generations:
        hours_pass(real, slot, 30)
    hours_pass_in(real, 30, "open", "outage")
    assert settle(real, probe_since(real, 29 * HOUR_MS), first) is Settled.ENDED
    real.redis.hdel(PACE, "tokens", "at", "limit")
    assert settle(real, probe_since(real, 0), FAILED) is Settled.ENDED


def test_a_day_of_a_refused_key_is_none(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client)
    slot = failed_once(real)
    settle(real, claim_due(real, slot), KEY_REFUSED)
    hours_pass(real, slot, 30)
    hours_pass_in(real, 30, "open", "outage")
    assert settle(real, probe_since(real, 0), FAILED) is Settled.ENDED
