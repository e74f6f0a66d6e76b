"""Session tokens: one that was refused stops its actor, another sends all that waited, and none stays for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from receipt_sync import EditMessage
from tests.histories import settlement
from tests.integration.ledger.real import APPLICATION, PREFIX, RealLedger
from tests.ledger_audit import Accounts, audit
from tests.shorthand import DIALOG, USER, dialogs, edit, msg, read
from worker.ledger import Again, Settled, Stopped

ACTOR = f"s{USER}"
FIRST, SECOND, THIRD = dialogs(3)
REFUSED = Again("the session token was refused", "unauthorized", wants_token=True)
UNCONFIGURED = Again("no API key", "", delay_ms=30_000, wants_token=True)


def slot(dialog: str) -> str:
    return f"m:{dialog}:{ACTOR}"


def refuse(real: RealLedger, token: str = "old", dialog: str = FIRST) -> None:  # noqa: S107 - no password
    """A receipt with this token is claimed, and its token refused."""
    real.record([read(dialog=dialog, token=token)])
    (claim,) = real.claim()
    assert claim.token == token
    assert real.settle(*settlement(claim, REFUSED))


def waiting(real: RealLedger) -> list[str]:
    return [member.decode() for member in real.redis.zrangebyscore(f"{PREFIX}:w:{ACTOR}", 0, "+inf")]


def test_a_refused_token_is_not_sent_for_the_actors_other_slots(real: RealLedger) -> None:
    refuse(real)
    real.record([read(dialog=SECOND, token="old"), edit("x", 1, token="old")])
    assert real.claim() == []
    others = {slot(SECOND), f"e:{DIALOG}:{msg(1)}"}
    assert set(real.stopped) == {Stopped(each, dead=False) for each in others}
    assert set(waiting(real)) == {slot(FIRST), *others}
    assert audit(real.redis, APPLICATION) == Accounts(recorded=3, pending=3)


def test_another_actor_with_the_same_token_is_not_stopped(real: RealLedger) -> None:
    refuse(real)
    real.record([EditMessage(dialog_id=DIALOG, message_id=msg(1), text="x", user_id=USER + 1, token="old")])
    assert len(real.claim()) == 1


def test_a_token_in_any_slot_sends_all_that_waited_the_longest_waiting_first(real: RealLedger) -> None:
    refuse(real)
    real.record([edit("x", 1, token="old")])
    real.record([read(dialog=SECOND, token="old")])
    assert real.claim() == []
    for n, name in enumerate((slot(SECOND), f"e:{DIALOG}:{msg(1)}", slot(FIRST))):
        real.redis.hset(f"{PREFIX}:{name}", "pt", 1_000 + n)
        real.redis.zadd(f"{PREFIX}:w:{ACTOR}", {name: 1_000 + n})
    real.record([read(dialog=THIRD, token="new")])
    claims = real.claim()
    assert [claim.slot for claim in claims] == [slot(SECOND), f"e:{DIALOG}:{msg(1)}", slot(FIRST), slot(THIRD)]
    assert {claim.token for claim in claims} == {"new"}
    assert waiting(real) == []


def test_the_newest_token_is_sent_with_slots_that_were_recorded_with_an_older_one(real: RealLedger) -> None:
    real.record([read(dialog=FIRST, token="old")])
    real.record([edit("x", 1, token="new")])
    assert {claim.token for claim in real.claim()} == {"new"}


def test_a_token_that_comes_during_the_flight_sends_the_refused_slot_again_at_once(real: RealLedger) -> None:
    real.record([read(dialog=FIRST, token="old")])
    (claim,) = real.claim()
    real.record([read(dialog=SECOND, token="new")])
    assert real.settle(*settlement(claim, REFUSED))
    assert {(each.slot, each.token) for each in real.claim()} == {(slot(FIRST), "new"), (slot(SECOND), "new")}


def test_a_refused_token_that_comes_again_neither_wakes_nor_takes_over(real: RealLedger) -> None:
    refuse(real)
    real.record([read(dialog=FIRST, token="old"), read(dialog=SECOND, token="old")])
    assert real.claim() == []
    real.record([read(dialog=THIRD, token="new"), read(dialog=SECOND, token="old")])
    assert {claim.token for claim in real.claim()} == {"new"}


def test_as_many_refused_tokens_are_remembered_as_there_is_room_for(real: RealLedger) -> None:
    for n in range(12):
        refuse(real, f"token-{n}")
    real.record([read(dialog=FIRST, token=f"token-{n}") for n in range(4, 12)])
    assert real.claim() == []
    real.record([read(dialog=FIRST, token="token-3")])
    assert len(real.claim()) == 1
    assert real.redis.zcount(f"{PREFIX}:w:{ACTOR}", "-inf", "(0") == 8


def test_thousands_that_wait_follow_one_another(real: RealLedger) -> None:
    waits = dialogs(1_000)
    real.record([read(dialog=dialog, token="old") for dialog in waits])
    (claim,) = real.claim(1)
    real.settle(*settlement(claim, REFUSED))
    assert real.claim(500) == []
    assert len(waiting(real)) == 1_000
    real.record([read(dialog="f" * 24, token="new")])
    assert 0 < len(waiting(real)) < 1_000  # one step does not wake them all
    sent: list[str] = []
    while claims := real.claim(16):
        assert real.ledger.settle([settlement(each, "done") for each in claims])
        sent += [each.slot for each in claims]
    assert sorted(sent) == sorted(slot(dialog) for dialog in [*waits, "f" * 24])


# The end of the wait --------------------------------------------------------------------------------------------


def test_what_has_waited_long_enough_is_dead_and_no_put_is_spent(real: RealLedger) -> None:
    refuse(real)
    real.record([read(dialog=SECOND, token="old")])
    assert real.claim() == []
    for dialog in (FIRST, SECOND):
        real.redis.hset(f"{PREFIX}:{slot(dialog)}", "u", real.now_ms() - 86_400_000)
    real.come_due()
    real.stopped.clear()
    assert real.claim() == []
    assert set(real.stopped) == {Stopped(slot(FIRST), dead=True), Stopped(slot(SECOND), dead=True)}
    assert {letter["reason"] for letter in real.letters()} == {"no newer session token came"}
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, dead=2)
    assert waiting(real) == []
    assert "old" not in str([real.fields(slot(dialog)) for dialog in (FIRST, SECOND)])


def test_the_wait_is_looked_at_each_hour_and_ends_in_time(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, token_wait_ms="60000")
    refuse(real)
    assert real.now_ms() + 50_000 < real.due_ms(slot(FIRST)) <= real.now_ms() + 60_000
    redis_client.flushall()
    long = RealLedger(redis_client, token_wait_ms=str(30 * 86_400_000))
    refuse(long)
    assert long.due_ms(slot(FIRST)) <= long.now_ms() + 3_600_000


def test_a_refused_token_costs_no_attempt_and_ends_an_outage(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, give_up_ms="60000")
    real.record([read(dialog=FIRST, token="old")])
    (claim,) = real.claim()
    real.settle(*settlement(claim, Again("status 503", "unavailable", costs_attempt=True)))
    real.redis.hset(f"{PREFIX}:{slot(FIRST)}", "q", 1)
    (claim,) = real.claim()
    assert claim.attempts == 1
    real.settle(*settlement(claim, REFUSED))
    real.record([read(dialog=FIRST, token="new")])
    (claim,) = real.claim()
    assert claim.attempts == 0
    real.settle(*settlement(claim, Again("status 503", "unavailable", costs_attempt=True)))
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, pending=2)


def test_without_an_api_key_a_slot_is_tried_again_until_it_has_waited_long_enough(real: RealLedger) -> None:
    name = f"m:{DIALOG}:u{USER}"
    real.record([read()])
    for _ in range(2):
        (claim,) = real.claim()
        real.settle(*settlement(claim, UNCONFIGURED))
        assert real.now_ms() + 20_000 < real.due_ms(name) <= real.now_ms() + 30_000
        real.come_due()
    real.redis.hset(f"{PREFIX}:{name}", "u", real.now_ms() - 86_400_000)
    (claim,) = real.claim()
    assert real.ledger.settle([settlement(claim, UNCONFIGURED)]) == [Settled.DIED]
    (letter,) = real.letters()
    assert letter["reason"] == "no newer session token came: no API key"
    assert audit(real.redis, APPLICATION) == Accounts(recorded=1, dead=1)


def test_a_sessions_slot_that_has_lost_its_token_waits_for_one(real: RealLedger) -> None:
    real.record([read(dialog=FIRST, token="old")])
    real.redis.hdel(f"{PREFIX}:{slot(FIRST)}", "k")
    real.redis.delete(f"{PREFIX}:t:{ACTOR}")
    assert real.claim() == []
    real.record([edit("x", 1, token="new")])
    assert {claim.slot for claim in real.claim()} == {slot(FIRST), f"e:{DIALOG}:{msg(1)}"}


def test_an_edit_that_another_has_won_does_not_wait_for_the_first_ones_token(real: RealLedger) -> None:
    real.record([edit("mine", 1, token="old")])
    (claim,) = real.claim()
    real.settle(*settlement(claim, REFUSED))
    real.record([EditMessage(dialog_id=DIALOG, message_id=msg(1), text="theirs", revision=2, user_id=USER + 1)])
    (claim,) = real.claim()
    assert (claim.actor, claim.token) == (f"u{USER + 1}", None)
    assert waiting(real) == []


# Hints may be lost, and be anything -----------------------------------------------------------------------------


def test_a_slot_of_which_the_hints_know_nothing_is_sent_when_it_is_due_and_still_dies_in_time(real: RealLedger) -> None:
    refuse(real)
    real.redis.delete(f"{PREFIX}:w:{ACTOR}", f"{PREFIX}:t:{ACTOR}")
    real.come_due()
    (claim,) = real.claim()
    assert claim.token == "old"
    real.settle(*settlement(claim, REFUSED))
    assert waiting(real) == [slot(FIRST)]


def test_a_slot_that_stands_in_no_list_is_woken_by_its_own_receipt(real: RealLedger) -> None:
    refuse(real)
    real.redis.delete(f"{PREFIX}:w:{ACTOR}")
    real.record([read(dialog=FIRST, token="new")])
    (claim,) = real.claim()
    assert claim.token == "new"


GARBAGE: dict[str, Callable[[Any, str], object]] = {
    "string": lambda client, key: client.set(key, "a-token-that-nobody-brought"),
    "list": lambda client, key: client.rpush(key, "garbage"),
    "hash": lambda client, key: client.hset(key, "garbage", "garbage"),
    "slots": lambda client, key: client.zadd(key, {"": 1, ":": 2, slot(SECOND): 3, "m:a:b:c": 4, "due": 5}),
}


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("key", ["t", "w"])
@pytest.mark.parametrize("before", ["recording", "the claim", "the settle", "another token"])
def test_hints_that_are_garbage_stop_nothing(real: RealLedger, before: str, key: str, garbage: str) -> None:
    def harm(now: str) -> None:
        if now == before:
            real.redis.delete(f"{PREFIX}:{key}:{ACTOR}")
            GARBAGE[garbage](real.redis, f"{PREFIX}:{key}:{ACTOR}")

    harm("recording")
    real.record([read(dialog=FIRST, token="old")])
    harm("the claim")
    (claim,) = real.claim()
    harm("the settle")
    assert real.settle(*settlement(claim, REFUSED))
    harm("another token")
    real.record([read(dialog=FIRST, token="new")])
    (claim,) = real.claim()
    assert real.settle(*settlement(claim, "done"))
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, covered=2)


def test_a_slot_without_a_token_waits_in_a_list_that_was_garbage(real: RealLedger) -> None:
    real.record([read(dialog=FIRST, token="old")])
    real.redis.hdel(f"{PREFIX}:{slot(FIRST)}", "k")
    real.redis.delete(f"{PREFIX}:t:{ACTOR}")
    real.redis.set(f"{PREFIX}:w:{ACTOR}", "garbage")
    assert real.claim() == []
    assert waiting(real) == [slot(FIRST)]
    assert real.redis.get(f"{PREFIX}:broken:w:{ACTOR}") == b"garbage"


# Nothing stays for nothing --------------------------------------------------------------------------------------


def secrets(client: redis.Redis) -> set[str]:
    """Keys in which a token is found."""
    return {key.decode() for key in client.scan_iter() if b"secret" in (client.dump(key) or b"")}


def test_a_refused_token_is_kept_for_its_actor_no_longer(real: RealLedger) -> None:
    refuse(real, "secret")
    assert secrets(real.redis) == {f"{PREFIX}:{slot(FIRST)}"}


def test_the_newest_token_goes_with_the_last_slot_of_the_ledger(real: RealLedger) -> None:
    real.record([read(dialog=dialog, token="secret") for dialog in (FIRST, SECOND)])
    first, second = real.claim()
    real.settle(*settlement(first, "done"))
    assert f"{PREFIX}:t:{ACTOR}" in secrets(real.redis)
    real.settle(*settlement(second, "done"))
    assert secrets(real.redis) == set()


def test_with_a_refused_token_about_the_newest_stays_for_those_who_still_report_with_it(real: RealLedger) -> None:
    refuse(real)
    real.record([read(dialog=SECOND, token="secret")])
    for claim in real.claim():
        real.settle(*settlement(claim, "done"))
    assert secrets(real.redis) == {f"{PREFIX}:t:{ACTOR}"}
    real.record([read(dialog=THIRD, token="old")])
    (claim,) = real.claim()
    assert claim.token == "secret"


def test_hints_run_out(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, token_life_ms="50000", token_wait_ms="100000")
    refuse(real)
    real.record([read(dialog=SECOND, token="new")])
    assert 0 < real.redis.pttl(f"{PREFIX}:t:{ACTOR}") <= 50_000
    assert 100_000 < real.redis.pttl(f"{PREFIX}:w:{ACTOR}") <= 150_000


def test_a_receipt_without_a_token_costs_no_call_and_one_with_a_token_two(real: RealLedger) -> None:
    def calls(token: str | None) -> int:
        real.redis.config_resetstat()
        real.record([read(dialog=FIRST, token=token)])
        stats = real.redis.info("commandstats")
        return sum(each["calls"] for name, each in stats.items() if not name.endswith(("fcall", "info", "resetstat")))

    for token in (None, "old"):
        calls(token)  # the slots' first receipts
    without = calls(None)
    assert calls("old") <= without + 2
    assert calls("newer") <= without + 2
