"""Edits whose PUT was given up without an answer: another text waits until the API can no longer apply the first."""

from __future__ import annotations

import pytest
import redis

from tests.histories import LATER_MS, settlement
from tests.integration.ledger.real import RealLedger
from tests.shorthand import EDITS, edit, read
from worker.ledger import Again, Back, Dead, EditClaim

LANDS_MS = 600_000
UNANSWERED = Again("no answer: ReadTimeout", "unavailable", in_doubt=True)
REFUSED = Again("no answer: ConnectionError", "unavailable")


@pytest.fixture
def real(redis_client: redis.Redis) -> RealLedger:
    """PUTs may land so late that nothing stops waiting by itself."""
    return RealLedger(redis_client, lands_ms=str(LANDS_MS))


def send_unanswered(real: RealLedger) -> int:
    """The first text is sent and not answered; the latest time at which it may land, Redis' clock."""
    real.record([edit("first", 1)])
    (claim,) = real.claim()
    assert real.settle(*settlement(claim, UNANSWERED))
    return real.now_ms() + LANDS_MS


def claimed_texts(real: RealLedger) -> list[str]:
    real.come_due()
    return [claim.text for claim in real.claim() if isinstance(claim, EditClaim)]


def let_land(real: RealLedger) -> None:
    """Time passes until the unanswered PUT can no longer be applied."""
    real.redis.hset(f"rs:{{app-1}}:{EDITS}", "l", real.now_ms())


def test_a_later_text_waits_until_the_first_can_no_longer_land(real: RealLedger) -> None:
    latest_ms = send_unanswered(real)
    real.record([edit("second", 2)])
    assert claimed_texts(real) == []
    assert latest_ms - 60_000 < real.due_ms(EDITS) <= latest_ms
    let_land(real)
    assert claimed_texts(real) == ["second"]


def test_the_same_text_is_sent_again_without_waiting(real: RealLedger) -> None:
    send_unanswered(real)
    assert claimed_texts(real) == ["first"]


def test_the_wait_outlasts_an_accepted_repeat_of_the_first_text(real: RealLedger) -> None:
    send_unanswered(real)
    (again,) = real.claim()
    assert real.settle(*settlement(again, "done"))
    real.record([edit("second", 2)])
    assert claimed_texts(real) == []
    let_land(real)
    assert claimed_texts(real) == ["second"]


def test_the_first_text_said_again_need_not_wait(real: RealLedger) -> None:
    send_unanswered(real)
    real.record([edit("second", 2), edit("first", 3)])
    assert claimed_texts(real) == ["first"]


@pytest.mark.parametrize("ending", [REFUSED, Back("closing"), "done", "dead"])
def test_a_put_that_was_answered_or_never_left_delays_nothing(real: RealLedger, ending: Again | Back) -> None:
    real.record([edit("first", 1)])
    (claim,) = real.claim()
    assert real.settle(*settlement(claim, ending))
    real.record([edit("second", 2)])
    assert claimed_texts(real) == ["second"]


def test_a_lease_that_ran_out_leaves_the_same_doubt(real: RealLedger) -> None:
    real.record([edit("first", 1)])
    assert real.claim()
    real.reap()
    real.record([edit("second", 2)])
    assert claimed_texts(real) == []
    let_land(real)
    assert claimed_texts(real) == ["second"]


@pytest.mark.parametrize("dead", [Dead("rejected", "rejected"), "given up"])
def test_the_doubt_outlives_the_receipt(redis_client: redis.Redis, dead: Dead | str) -> None:
    real = RealLedger(redis_client, lands_ms=str(LANDS_MS), give_up_ms="0" if dead == "given up" else str(LATER_MS))
    real.record([edit("first", 1)])
    (claim,) = real.claim()
    unanswered = Again("no answer", "unavailable", costs_attempt=dead == "given up", in_doubt=True)
    assert real.settle(*settlement(claim, unanswered))
    if isinstance(dead, Dead):
        (claim,) = real.claim()
        assert real.settle(*settlement(claim, dead))
    assert len(real.letters()) == 1
    real.record([edit("second", 2)])
    assert claimed_texts(real) == []


def test_marks_never_wait_for_a_landing(real: RealLedger) -> None:
    real.record([read()])
    (claim,) = real.claim()
    assert real.settle(*settlement(claim, UNANSWERED))
    real.record([read(up_to=2)])
    real.come_due()
    assert len(real.claim()) == 1


def test_a_waiting_edit_holds_up_no_other_slot(real: RealLedger) -> None:
    send_unanswered(real)
    real.record([edit("second", 2), read()])
    real.come_due()
    assert [claim.slot for claim in real.claim(most=2)] == [read().wire()[1]]


def test_a_damaged_time_makes_nobody_wait_longer_than_a_put_can_land(real: RealLedger) -> None:
    send_unanswered(real)
    real.record([edit("second", 2)])
    real.redis.hset(f"rs:{{app-1}}:{EDITS}", "l", 2**52)
    assert claimed_texts(real) == []
    assert real.due_ms(EDITS) <= real.now_ms() + LANDS_MS


def test_a_claim_that_redis_forgot_settles_nothing(redis_client: redis.Redis) -> None:
    """As after a failover, or a crash without its last second of writes: the ledger is as it was before the claim."""
    real = RealLedger(redis_client)
    real.record([edit("first", 1)])
    before = {key: redis_client.dump(key) or b"" for key in redis_client.keys("rs:*")}
    (forgotten,) = real.claim()
    redis_client.flushall()
    for key, value in before.items():
        redis_client.restore(key, 0, value)
    claimed_ms = real.now_ms()
    while real.now_ms() == claimed_ms:
        pass  # nobody is back within a millisecond
    real.record([edit("second", 2)])
    (current,) = real.claim()
    assert current.slot == forgotten.slot
    assert not real.settle(*settlement(forgotten, "done"))
    assert real.settle(*settlement(current, "done"))
