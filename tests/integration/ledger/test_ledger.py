"""The ledger's promises one by one, where the table of join cases has no word for them."""

from __future__ import annotations

import pytest
import redis

from receipt_sync import EditMessage, MarkDelivered, MarkRead
from tests.histories import LATER_MS, first_put, settlement
from tests.integration.ledger.real import APPLICATION, PREFIX, RealLedger
from tests.ledger_audit import Accounts, audit
from tests.shorthand import DIALOG, EDITS, MARKS, USER, delivered, dialogs, edit, msg, read
from worker.acting import Patience, outcome_of
from worker.ledger import Again, Back, Dead, Done, MarkClaim, Part, Settled
from worker.plan import Limits, Put
from worker.verdicts import Rejected, Sent, Verdict

PATIENCE = Patience(backoff_base_s=1, backoff_cap_s=1, retry_after_max_s=1, unauthorized_hold_s=1)


def test_what_is_covered_was_claimed_after_it_was_recorded(real: RealLedger) -> None:
    real.record([read(up_to=1)])
    (first,) = real.claim()
    real.record([read(up_to=2)])
    assert real.claim() == []  # never two PUTs of a slot at once
    assert real.settle(*settlement(first, "done"))
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, covered=1, pending=1)
    (second,) = real.claim()
    assert (second.turn, second.generation > first.generation) == (first.turn + 1, True)
    assert real.settle(*settlement(second, "done"))
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, covered=2)


def test_a_claim_that_was_taken_away_can_no_longer_be_settled(real: RealLedger) -> None:
    real.record([read()])
    (taken,) = real.claim()
    assert real.reap() == {MARKS: (1, False)}
    (current,) = real.claim()
    for ending in ("done", "dead", Dead("unreadable", ""), Back("closing"), Again("refused", "", hold_ms=LATER_MS)):
        assert not real.settle(*settlement(taken, ending))
    assert audit(real.redis, APPLICATION) == Accounts(recorded=1, in_flight=1)
    assert real.settle(*settlement(current, "done"))
    assert not real.settle(*settlement(current, "done"))
    assert audit(real.redis, APPLICATION) == Accounts(recorded=1, covered=1)


def test_a_ledger_rests_when_nothing_waits_or_is_in_flight_and_the_policy_is_known(real: RealLedger) -> None:
    real.ledger.publish_policy()
    assert real.ledger.rests()
    real.record([read()])
    assert not real.ledger.rests()
    (claim,) = real.claim()
    assert not real.ledger.rests()
    real.settle(*settlement(claim, "done"))
    assert real.ledger.rests()
    real.record([read(dialog=dialog) for dialog in dialogs(2)])
    real.redis.delete(f"{PREFIX}:policy")
    assert not real.ledger.rests(), "one key, and not the one"
    real.ledger.claim(1)
    assert not real.ledger.rests(), "two keys, and a policy to publish"


def test_settlements_of_one_call_stand_for_themselves(real: RealLedger) -> None:
    real.record([read(dialog=dialog) for dialog in dialogs(3)])
    done, stale, again = real.claim()
    answers = real.ledger.settle(
        [
            settlement(done, "done"),
            (stale.slot, stale.generation + 1, Done(Part("r"))),
            settlement(again, Back("closing")),
            ("m:never:u1", 1, Done(Part("r"))),
        ]
    )
    assert answers == [Settled.ENDED, Settled.STALE, Settled.ENDED, Settled.STALE]
    assert audit(real.redis, APPLICATION) == Accounts(recorded=3, covered=1, in_flight=1, pending=1)


def test_only_leases_that_ran_out_are_reaped(real: RealLedger) -> None:
    real.record([read(dialog=dialog) for dialog in dialogs(2)])
    held, lost = real.claim()
    real.redis.zadd(f"{PREFIX}:leases", {lost.slot: 0})
    assert [reaped.slot for reaped in real.ledger.reap()] == [lost.slot]
    assert real.settle(*settlement(held, "done"))
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, covered=1, pending=1)


def test_a_lease_that_is_extended_is_not_reaped_and_one_taken_away_is_not_extended(real: RealLedger) -> None:
    real.record([read()])
    (lost,) = real.claim()
    real.reap()
    (held,) = real.claim()
    real.redis.zadd(f"{PREFIX}:leases", {MARKS: 0})
    assert real.ledger.extend([(lost.slot, lost.generation)]) == [False]
    assert real.ledger.extend([(held.slot, held.generation)]) == [True]
    assert real.ledger.reap() == []
    assert real.settle(*settlement(held, "done"))
    assert real.ledger.extend([(held.slot, held.generation)]) == [False]
    assert real.redis.zcard(f"{PREFIX}:leases") == 0


def test_poison_is_buried_with_its_reason_and_newcomers_live_on(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, crashes_max="3")
    real.record([edit("poison", 1)])
    for crashes in (1, 2):
        real.claim()
        assert real.reap() == {EDITS: (crashes, False)}
    real.claim()
    real.record([edit("cure", 2)])
    assert real.reap() == {EDITS: (3, True)}
    (letter,) = real.letters()
    assert (letter["text"], letter["revision"], letter["receipts"], letter["crashes"]) == ("poison", "1", "1", "3")
    assert letter["reason"].startswith("poison")
    (claim,) = real.claim()
    assert first_put(claim).text == "cure"


@pytest.mark.parametrize(("crashes_max", "apart_after"), [(5, {3, 4}), (3, {2}), (2, set())])
def test_before_the_last_tries_those_that_died_together_are_due_apart(
    redis_client: redis.Redis, crashes_max: int, apart_after: set[int]
) -> None:
    real = RealLedger(redis_client, crashes_max=str(crashes_max))
    real.record([read(dialog=dialog) for dialog in dialogs(3)])
    slots = [claim.slot for claim in real.claim()]
    for crashes in range(1, crashes_max):
        assert real.reap() == dict.fromkeys(slots, (crashes, False))
        dues_ms = sorted(map(real.due_ms, slots))
        apart_ms = 2_000 if crashes in apart_after else 0
        assert dues_ms == [dues_ms[0], dues_ms[0] + apart_ms, dues_ms[0] + 2 * apart_ms]
        real.come_due()
        assert len(real.claim()) == 3
    assert set(real.reap().values()) == {(crashes_max, True)}


def test_however_many_died_together_none_waits_longer_than_half_a_minute(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, crashes_max="3")
    real.record([read(dialog=dialog) for dialog in dialogs(40)])
    for _ in range(2):
        slots = [claim.slot for claim in real.claim()]
        real.reap()
        dues_ms = [real.due_ms(slot) for slot in slots]
        real.come_due()
    assert max(dues_ms) - min(dues_ms) == 30_000


def test_what_was_tried_too_long_is_dead_but_not_what_came_meanwhile(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, give_up_ms="0")
    real.record([read()])
    (claim,) = real.claim()
    real.record([read(up_to=2)])
    again = Again("status 503", "unavailable", delay_ms=LATER_MS, costs_attempt=True)
    assert real.ledger.settle([settlement(claim, again)]) == [Settled.DIED]
    (letter,) = real.letters()
    assert (letter["reason"], letter["receipts"]) == ("gave up: status 503", "1")
    assert audit(redis_client, APPLICATION) == Accounts(recorded=2, dead=1, pending=1)
    (newcomer,) = real.claim()
    assert newcomer.attempts == 0


def test_what_is_throttled_or_halved_is_never_given_up_however_old(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, give_up_ms="0")
    real.record([read(n) for n in range(1, 5)])
    for again in (Again("throttled", "throttled"), Again("list rejected", "rejected", list_limit=2)):
        (claim,) = real.claim()
        assert real.settle(*settlement(claim, again))
        real.forget_pace()
    assert audit(redis_client, APPLICATION) == Accounts(recorded=4, pending=4)


def test_the_time_to_give_up_begins_with_the_first_failure(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, give_up_ms="60000")
    real.record([read()])
    real.redis.hset(f"{PREFIX}:{MARKS}", "pt", real.now_ms() - 600_000)  # it waited for a worker
    failure = Again("status 503", "unavailable", costs_attempt=True)
    (first,) = real.claim()
    assert real.settle(*settlement(first, failure))
    assert audit(redis_client, APPLICATION) == Accounts(recorded=1, pending=1)
    real.redis.hset(f"{PREFIX}:{MARKS}", "q", real.now_ms() - 65_000)
    (last,) = real.claim()
    assert real.settle(*settlement(last, failure))
    assert audit(redis_client, APPLICATION) == Accounts(recorded=1, dead=1)


def test_a_claim_handed_back_unsent_is_never_given_up(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, give_up_ms="0")
    real.record([read()])
    (claim,) = real.claim()
    assert real.settle(*settlement(claim, Back("closing")))
    assert audit(redis_client, APPLICATION) == Accounts(recorded=1, pending=1)


def test_dead_letters_hold_what_is_needed_to_send_them_again_and_no_token(real: RealLedger) -> None:
    real.record([read(1, 2, token="secret"), read(7, token="secret")])
    (claim,) = real.claim()
    part = Part("r", (msg(1), msg(7)))
    dead = Dead("rejected: status 422", "rejected", part, status=422, words="no such message", request_id="req-1")
    assert real.settle(claim.slot, claim.generation, dead)
    (letter,) = real.letters()
    expected = {
        "slot": f"m:{DIALOG}:s{USER}",
        "receipts": "2",
        "reason": "rejected: status 422",
        "status": "422",
        "words": "no such message",
        "request_id": "req-1",
        "attempts": "1",
        "read_ids": f"{msg(1)},{msg(7)}",
        "delivered_ids": "",
    }
    assert {name: letter[name] for name in expected} == expected
    assert "secret" not in str(letter)
    assert audit(real.redis, APPLICATION) == Accounts(recorded=3, dead=2, pending=1)


def answer_of(put: Put, bad: set[str]) -> Verdict:
    return Rejected(422, "no such message", "") if bad & set(put.message_ids) else Sent()


@pytest.mark.parametrize("list_max_ids", [1, 2, 7, 50, 200])
def test_a_rejected_list_is_halved_until_the_bad_messages_stand_alone(real: RealLedger, list_max_ids: int) -> None:
    bad, puts = {msg(7), msg(150)}, 0
    real.record([read(*range(1, 201)), delivered(7)])
    while claims := real.claim():
        (claim,) = claims
        assert isinstance(claim, MarkClaim)
        assert (claim.list_limit or 0) <= 1000  # without a bound it would outgrow 64 bits in a long row of PUTs
        put = first_put(claim, Limits(list_max_ids, both_flags=True))
        outcome = outcome_of(answer_of(put, bad), put, claim, PATIENCE, 0.5)
        assert real.settle(claim.slot, claim.generation, outcome)
        puts += 1
        assert puts < 2 * 200 / list_max_ids + 40
    letters = [(letter["read_ids"], letter["delivered_ids"]) for letter in real.letters()]
    assert sorted(letters) == [(msg(7), msg(7)), (msg(150), "")]
    assert audit(real.redis, APPLICATION) == Accounts(recorded=201, covered=198, dead=3)


def test_the_last_eight_named_messages_are_remembered(real: RealLedger) -> None:
    for n in range(1, 10):
        real.record([read(up_to=n)])
        (claim,) = real.claim()
        assert real.settle(*settlement(claim, "done"))
    real.record([read(up_to=n) for n in range(2, 10)])
    assert real.claim() == []
    real.record([read(up_to=1)])
    assert len(real.claim()) == 1


def test_five_thousand_receipts_in_one_call(real: RealLedger) -> None:
    receipts: list[MarkRead | MarkDelivered | EditMessage] = []
    for n, dialog in enumerate(dialogs(1250)):
        receipts += [read(dialog=dialog), read(up_to=n, dialog=dialog), delivered(n + 1), edit(f"text {n}", n)]
    real.queue.record_many(receipts)
    assert audit(real.redis, APPLICATION) == Accounts(recorded=5000, pending=5000)
    while claims := real.claim(500):
        real.ledger.settle([settlement(claim, "done") for claim in claims])
    assert audit(real.redis, APPLICATION) == Accounts(recorded=5000, covered=5000)


def test_applications_know_nothing_of_each_other(redis_client: redis.Redis, real: RealLedger) -> None:
    real.record([read()])
    assert audit(redis_client, "app") == Accounts()
    assert audit(redis_client, APPLICATION) == Accounts(recorded=1, pending=1)


def test_a_worker_that_slept_until_its_slot_was_forgotten_settles_nothing_of_its_next_life(real: RealLedger) -> None:
    real.record([read()])
    (slept,) = real.claim()
    real.redis.delete(f"{PREFIX}:{slept.slot}", f"{PREFIX}:counts", f"{PREFIX}:leases")  # as when it is forgotten
    claimed_ms = real.now_ms()
    while real.now_ms() == claimed_ms:
        pass  # it takes at least a second to be forgotten; a millisecond is enough here
    real.record([delivered()])
    (current,) = real.claim()
    assert current.slot == slept.slot
    assert not real.settle(*settlement(slept, "done"))
    assert audit(real.redis, APPLICATION) == Accounts(recorded=1, in_flight=1)
    assert real.settle(*settlement(current, "done"))
