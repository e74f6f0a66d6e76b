"""The pace of an application: the rate, the hold, the permits of its syncs."""

from __future__ import annotations

import bisect

import pytest
import redis

from receipt_sync import keys
from tests.histories import LATER_MS, AnyClaim, settlement
from tests.integration.ledger.real import APPLICATION, PREFIX, RealLedger
from tests.shorthand import dialogs, read
from worker.ledger import Again, Back, Outcome, Paused

PERMITS = f"{PREFIX}:permits"


def record_slots(real: RealLedger, count: int) -> None:
    real.record([read(dialog=dialog) for dialog in dialogs(count)])


# The rate -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_per_s", [50, 8, 400])
def test_within_any_second_no_more_is_granted_than_the_rate(redis_client: redis.Redis, rate_per_s: int) -> None:
    real = RealLedger(redis_client, rate_per_s=str(rate_per_s))
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


def test_a_rate_of_0_is_no_limit(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, rate_per_s="0")
    record_slots(real, 2000)
    assert len(real.claim(2000)) == 2000


def test_a_claim_says_how_long_the_rate_makes_it_wait(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, rate_per_s="0.001")
    record_slots(real, 2)
    first = real.ledger.claim(10)
    assert first.claims == []  # not one call fits into a second
    real = RealLedger(redis_client, rate_per_s="1")
    first = real.ledger.claim(10)
    assert len(first.claims) == 1
    assert first.wait_ms == pytest.approx(1_000, abs=200)


def test_a_broken_rate_waits_for_the_window_and_does_not_spin(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, rate_per_s="1.5")
    record_slots(real, 3)
    assert len(real.claim(1)) == 1
    # The next token is there after 667 ms; within the second one call has been made, and two would be above the rate.
    real.redis.hincrby(f"{PREFIX}:pace", "at", -700)
    waiting = real.ledger.claim(1)
    assert waiting.claims == []
    assert waiting.wait_ms == pytest.approx(1_000, abs=200)


def test_unused_tokens_do_not_add_up_beyond_a_twentieth_of_a_second(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, rate_per_s="60")
    record_slots(real, 10)
    assert len(real.claim(1)) == 1
    real.redis.hincrby(f"{PREFIX}:pace", "at", -LATER_MS)
    assert len(real.claim()) == 3


def test_nothing_waiting_is_said_apart_from_waiting(real: RealLedger) -> None:
    assert real.ledger.claim(1).wait_ms is None
    record_slots(real, 2)
    assert real.ledger.claim(1).wait_ms == 0
    assert real.ledger.claim(1).wait_ms is None


# The hold that the API asks for ---------------------------------------------------------------------------------------


def throttled(hold_ms: int) -> Again:
    return Again("throttled", "throttled", hold_ms=hold_ms)


def held_ms(real: RealLedger, claim: AnyClaim, outcome: Outcome) -> int:
    """Settles; answers how long the application is held after that, in whole seconds rounded up."""
    assert real.settle(*settlement(claim, outcome))
    until = real.redis.hget(f"{PREFIX}:pace", "hold")
    assert until is not None
    return -(-max(0, int(until) - real.now_ms()) // 1000) * 1000


def test_a_hold_stops_the_whole_application(real: RealLedger) -> None:
    record_slots(real, 3)
    (claim,) = real.claim(1)
    assert held_ms(real, claim, throttled(20_000)) == 20_000
    claimed = real.ledger.claim(10)
    assert claimed.claims == []
    assert claimed.wait_ms == pytest.approx(20_000, abs=5_000)
    assert real.ledger.ring().permits == []
    real.forget_pace()
    assert len(real.claim()) == 3


def test_a_hold_costs_no_attempt(real: RealLedger) -> None:
    record_slots(real, 1)
    (claim,) = real.claim()
    held_ms(real, claim, throttled(20_000))
    real.forget_pace()
    (claim,) = real.claim()
    assert claim.attempts == 0


def test_a_shorter_hold_does_not_cut_a_longer_one(real: RealLedger) -> None:
    record_slots(real, 2)
    first, second = real.claim()
    assert held_ms(real, first, throttled(30_000)) == 30_000
    assert held_ms(real, second, throttled(5_000)) == 30_000


@pytest.mark.parametrize("ending", [Back("closing"), Again("throttled", "throttled")])
def test_what_was_not_sent_or_was_throttled_keeps_its_place(real: RealLedger, ending: Outcome) -> None:
    record_slots(real, 3)
    (longest_due,) = real.claim(1)
    assert real.settle(*settlement(longest_due, ending))
    real.forget_pace()
    (next_one,) = real.claim(1)
    assert next_one.slot == longest_due.slot


# The pause by hand ----------------------------------------------------------------------------------------------------


def test_a_pause_holds_until_somebody_resumes_and_receipts_go_on_being_joined(real: RealLedger) -> None:
    record_slots(real, 2)
    (flying,) = real.claim(1)
    assert real.ledger.pause("the API moves") is None
    claimed = real.ledger.claim(10)
    assert (claimed.claims, claimed.wait_ms) == ([], None)
    assert real.ledger.ring().permits == []
    assert real.settle(*settlement(flying, "done"))
    record_slots(real, 3)
    before = real.ledger.pause("still moving")
    assert before is not None
    assert before.why == "the API moves"
    assert before.since_ms == pytest.approx(real.now_ms(), abs=10_000)
    assert real.ledger.resume() == Paused(before.since_ms, "still moving")
    assert len(real.claim()) == 3
    assert real.ledger.resume() is None


def test_resuming_wakes_the_tickers(real: RealLedger) -> None:
    record_slots(real, 1)
    real.ledger.pause("")
    with real.redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(keys.wake_channel(APPLICATION))
        listener.get_message(timeout=1)
        real.ledger.resume()
        assert listener.get_message(timeout=1)


# The permits: of three syncs at once, two slots side by side ----------------------------------------------------------


def test_so_many_permits_as_the_due_slots_deserve_and_at_most_all(real: RealLedger) -> None:
    assert real.ledger.ring().permits == []
    record_slots(real, 1)
    assert len(real.ledger.ring().permits) == 1
    record_slots(real, 20)
    assert len(real.ledger.ring().permits) == 2
    assert real.ledger.ring().permits == []


def test_no_more_permits_than_the_rate_deserves(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, rate_per_s="40")
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


def test_the_permit_of_a_doorbell_that_is_not_answered_is_given_back(real: RealLedger) -> None:
    record_slots(real, 20)
    rung = real.ledger.ring().permits
    real.ledger.give_back(rung[0])
    assert len(real.ledger.ring().permits) == 1


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
