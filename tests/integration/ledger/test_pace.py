"""The pace of an application: the rate, the hold, the permits of its syncs."""

from __future__ import annotations

import bisect

import pytest
import redis

from receipt_sync import keys
from tests.histories import LATER_MS, AnyClaim, settlement
from tests.integration.ledger.real import APPLICATION, PREFIX, RealLedger
from tests.shorthand import dialogs, read
from worker.ledger import Again, Outcome

PERMITS = f"{PREFIX}:permits"


def record_slots(real: RealLedger, count: int) -> None:
    real.record([read(dialog=dialog) for dialog in dialogs(count)])


# The rate -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate_per_s", "burst"), [(50, 2.5), (8, 1), (400, 20)])
def test_within_any_second_no_more_is_granted_than_the_rate(
    redis_client: redis.Redis, rate_per_s: int, burst: float
) -> None:
    real = RealLedger(redis_client, rate_per_s=str(rate_per_s), burst=str(burst))
    record_slots(real, 3 * rate_per_s)
    asked_ms, answered_ms = [], []
    start_ms = before_ms = real.now_ms()
    while before_ms < start_ms + 1_600:  # Redis' time, asked around every claim
        granted = len(real.claim())
        after_ms = real.now_ms()
        asked_ms += [before_ms] * granted
        answered_ms += [after_ms] * granted
        before_ms = after_ms
    for at_ms in asked_ms:  # a grant that was asked for since then and answered within the second lies surely in it
        within = bisect.bisect_left(answered_ms, at_ms + 1000) - bisect.bisect_left(asked_ms, at_ms)
        assert within <= rate_per_s
    elapsed_s = (answered_ms[-1] - start_ms) / 1000
    assert len(asked_ms) == pytest.approx(burst + (rate_per_s - burst + 1) * elapsed_s, abs=2 + 0.02 * rate_per_s)


def test_a_rate_of_0_is_no_limit(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, rate_per_s="0")
    record_slots(real, 2000)
    assert len(real.claim(2000)) == 2000


def test_a_claim_says_how_long_the_rate_makes_it_wait(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, rate_per_s="0.001", burst="1")
    record_slots(real, 2)
    first = real.ledger.claim(10)
    assert len(first.claims) == 1
    assert first.wait_ms == pytest.approx(1_000_000, abs=10_000)
    assert real.claim() == []
    real.redis.hincrby(f"{PREFIX}:pace", "at", -1_000_000)
    assert len(real.claim()) == 1


def test_unused_tokens_do_not_add_up_beyond_the_burst(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, rate_per_s="40", burst="3")
    record_slots(real, 10)
    assert len(real.claim(1)) == 1
    real.redis.hincrby(f"{PREFIX}:pace", "at", -LATER_MS)
    assert len(real.claim()) == 3


@pytest.mark.parametrize("burst", ["3", "0", "", "-1", "all"])
def test_a_burst_that_makes_no_sense_neither_stops_nor_frees_the_bucket(redis_client: redis.Redis, burst: str) -> None:
    real = RealLedger(redis_client, rate_per_s="0.9", burst=burst)
    record_slots(real, 10)
    for _ in range(3):
        assert len(real.claim()) == 1
        assert real.claim() == []
        real.redis.hincrby(f"{PREFIX}:pace", "at", -LATER_MS)


def test_nothing_waiting_is_said_apart_from_waiting(real: RealLedger) -> None:
    assert real.ledger.claim(1).wait_ms is None
    record_slots(real, 2)
    assert real.ledger.claim(1).wait_ms == 0
    assert real.ledger.claim(1).wait_ms is None


# The hold -------------------------------------------------------------------------------------------------------------


def throttled(hold_ms: int, *, escalates: bool = True) -> Again:
    return Again("throttled", "throttled", hold_ms=hold_ms, escalates=escalates)


def end_hold(real: RealLedger) -> None:
    """Lets the time pass until the hold is over."""
    real.redis.hset(f"{PREFIX}:pace", "hold", 0)


def held_ms(real: RealLedger, claim: AnyClaim, outcome: Outcome) -> int:
    """Settles; answers how long the application is held after that, in whole seconds rounded up."""
    assert real.settle(*settlement(claim, outcome))
    until = real.redis.hget(f"{PREFIX}:pace", "hold")
    assert until is not None
    return -(-max(0, int(until) - real.now_ms()) // 1000) * 1000


def test_a_hold_stops_the_whole_application(real: RealLedger) -> None:
    record_slots(real, 3)
    (claim,) = real.claim(1)
    assert held_ms(real, claim, throttled(20_000, escalates=False)) == 20_000
    claimed = real.ledger.claim(10)
    assert claimed.claims == []
    assert claimed.wait_ms == pytest.approx(20_000, abs=5_000)
    assert real.ledger.ring().permits == []
    end_hold(real)
    assert len(real.claim()) == 3


def test_a_hold_costs_no_attempt(real: RealLedger) -> None:
    record_slots(real, 1)
    (claim,) = real.claim()
    held_ms(real, claim, throttled(20_000))
    end_hold(real)
    (claim,) = real.claim()
    assert claim.attempts == 0


def test_holds_in_a_row_double_up_to_a_minute_and_success_forgets_them(real: RealLedger) -> None:
    record_slots(real, 1)
    held = []
    for _ in range(5):
        (claim,) = real.claim()
        held.append(held_ms(real, claim, throttled(10_000)))
        end_hold(real)
    assert held == [10_000, 20_000, 40_000, 60_000, 60_000]
    (claim,) = real.claim()
    assert real.settle(*settlement(claim, "done"))
    record_slots(real, 1)
    (claim,) = real.claim()
    assert held_ms(real, claim, throttled(10_000)) == 10_000


def test_answers_that_were_under_way_when_the_hold_began_do_not_lengthen_it(real: RealLedger) -> None:
    record_slots(real, 4)
    first, second, third, fourth = real.claim()
    real.ledger.settle([settlement(first, throttled(10_000)), settlement(second, throttled(10_000))])
    assert held_ms(real, third, throttled(10_000)) == 10_000
    assert held_ms(real, fourth, throttled(30_000, escalates=False)) == 30_000  # the API asked for it: Retry-After


def test_a_shorter_hold_does_not_cut_a_longer_one(real: RealLedger) -> None:
    record_slots(real, 2)
    first, second = real.claim()
    assert held_ms(real, first, throttled(30_000, escalates=False)) == 30_000
    assert held_ms(real, second, throttled(5_000, escalates=False)) == 30_000


# The permits: of three syncs at once, two slots side by side ----------------------------------------------------------


def test_so_many_permits_as_the_due_slots_deserve_and_at_most_all(real: RealLedger) -> None:
    assert real.ledger.ring().permits == []
    record_slots(real, 1)
    assert len(real.ledger.ring().permits) == 1
    record_slots(real, 20)
    assert len(real.ledger.ring().permits) == 2
    assert real.ledger.ring().permits == []


def test_no_more_permits_than_the_rate_deserves(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, rate_per_s="50", burst="2")
    record_slots(real, 20)
    assert len(real.ledger.ring().permits) == 1


def test_a_permit_that_is_given_back_is_given_out_again(real: RealLedger) -> None:
    record_slots(real, 20)
    permits = real.ledger.ring().permits
    assert len(set(permits)) == 3
    (again,) = real.ledger.ring(returned_permit=permits[0]).permits
    assert again not in permits


def test_the_permit_of_a_lost_doorbell_expires(real: RealLedger) -> None:
    record_slots(real, 20)
    lost = real.ledger.ring().permits[0]
    real.redis.zadd(PERMITS, {lost: 0})
    assert len(real.ledger.ring().permits) == 1


def at_work(permit: str) -> str:
    """What a permit is called once its sync has come (lua/claim.lua)."""
    return f"+{permit}"


def test_a_sync_whose_place_was_taken_leaves(real: RealLedger) -> None:
    record_slots(real, 20)
    late, *others = real.ledger.ring().permits
    for permit in (late, *others):
        real.ledger.claim(1, permit)
    real.redis.zadd(PERMITS, {at_work(late): 0})
    (taker,) = real.ledger.ring().permits
    real.ledger.claim(1, taker)
    claimed = real.ledger.claim(5, late)
    assert claimed.leave
    assert claimed.claims == []
    assert real.redis.zcard(PERMITS) == 3


def test_a_doorbell_that_nobody_has_answered_keeps_no_sync_out(real: RealLedger) -> None:
    record_slots(real, 20)
    rung = real.ledger.ring().permits
    assert len(rung) == 3
    assert [len(real.ledger.claim(1, guest).claims) for guest in ("a", "b", "c")] == [1, 1, 1]
    assert real.ledger.claim(1, rung[0]).leave
    assert real.ledger.ring("a").permits == []  # for two doorbells are still waited for


def test_a_place_that_is_given_back_is_free(real: RealLedger) -> None:
    record_slots(real, 20)
    for guest in ("a", "b", "c"):
        real.ledger.claim(1, guest)
    assert real.ledger.ring().permits == []
    assert len(real.ledger.ring("a").permits) == 1


def test_a_sync_whose_place_is_still_free_takes_it_again(real: RealLedger) -> None:
    record_slots(real, 20)
    late, *_ = real.ledger.ring().permits
    real.redis.zadd(PERMITS, {late: 0})
    claimed = real.ledger.claim(5, late)
    assert not claimed.leave
    assert len(claimed.claims) == 5
    until = real.redis.zscore(PERMITS, at_work(late))
    assert until is not None
    assert until > real.now_ms()


def test_throttled_answers_of_one_batch_are_one_hold(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client)
    record_slots(real, 8)
    *batch, last = real.claim()
    for claim in batch:
        real.settle(*settlement(claim, Again("throttled", "throttled", hold_ms=1000)))
    real.redis.hset(f"{PREFIX}:pace", "hold", 0)
    real.settle(*settlement(last, Again("throttled", "throttled", hold_ms=1000, escalates=True)))
    assert int(real.redis.hget(f"{PREFIX}:pace", "hold")) <= real.now_ms() + 1000


def test_a_success_of_before_the_hold_does_not_make_the_next_hold_shorter(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client)
    record_slots(real, 3)
    early, throttled, late = real.claim()
    real.settle(*settlement(throttled, Again("throttled", "throttled", hold_ms=1000, escalates=True)))
    real.settle(*settlement(early, "done"))
    assert real.redis.hget(f"{PREFIX}:pace", "holds") == b"1"
    real.redis.hset(f"{PREFIX}:pace", "hold", 0)
    real.settle(*settlement(late, "done"))
    assert real.redis.hget(f"{PREFIX}:pace", "holds") is None


# Waking ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gather_ms", "returned", "wakes"), [(300, "ours", 1), (300, "", 0), (5_000, "ours", 0)])
def test_a_sync_that_leaves_wakes_the_tickers_for_what_is_due_before_they_look(
    redis_client: redis.Redis, gather_ms: int, returned: str, wakes: int
) -> None:
    real = RealLedger(redis_client, gather_min_ms=str(gather_ms), gather_max_ms=str(gather_ms))
    record_slots(real, 1)
    with real.redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(keys.wake_channel(APPLICATION))
        listener.get_message(timeout=1)  # the subscription itself
        rung = real.ledger.ring(returned)
        heard = list(iter(lambda: listener.get_message(timeout=0.2), None))
    assert rung.permits == []
    assert len(heard) == wakes
    if wakes:
        assert rung.next_ms is not None
        assert int(heard[0]["data"]) == pytest.approx(rung.next_ms, abs=1)
