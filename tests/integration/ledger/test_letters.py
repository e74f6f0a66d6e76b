"""Dead letters in the real ledger: replayed like new ones, dropped, kept within bounds; the accounts always balance."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis

from receipt_sync import EditMessage, MarkRead, Receipt
from receipt_sync.calls import EDIT, READ
from tests.histories import AnyClaim, settlement
from tests.integration.ledger.real import APPLICATION, POLICY, PREFIX, RealLedger
from tests.ledger_audit import Accounts, audit
from tests.shorthand import DIALOG, EDITS, MARKS, USER, delivered, dialogs, edit, msg, read
from worker.ledger import Again, EditClaim, MarkClaim
from worker.ledger.letterbox import NoLetterIdError, Replayed
from worker.ledger.letters import DeadLetter
from worker.ledger.replaying import NotReplayableError

WITHOUT_CREDENTIALS = Again("no API key", "", delay_ms=30_000, wants_token=True)


def bury(real: RealLedger, *receipts: Receipt) -> DeadLetter:
    """Records receipts of one slot, and lets their PUT be rejected; answers the letter."""
    real.record(receipts)
    [claim] = real.claim()
    assert real.settle(*settlement(claim, "dead"))
    return real.letterbox.newest(1)[0]


def send(real: RealLedger, *receipts: Receipt) -> AnyClaim:
    """Records receipts of one slot, and lets their PUT be accepted."""
    real.record(receipts)
    [claim] = real.claim()
    assert real.settle(*settlement(claim, "done"))
    return claim


def accounts(real: RealLedger) -> Accounts:
    return audit(real.redis, APPLICATION)


def the_edit(real: RealLedger) -> EditClaim:
    [claim] = real.claim()
    assert isinstance(claim, EditClaim)
    return claim


# Reading --------------------------------------------------------------------------------------------------------


def test_a_letter_says_what_died_and_why(real: RealLedger) -> None:
    letter = bury(real, read(1, 2), read(2))
    assert (letter.kind, letter.dialog_id, letter.actor) == ("marks", DIALOG, f"u{USER}")
    assert (letter.receipts, letter.reason, letter.message_ids) == (3, "rejected", (msg(1), msg(2)))
    assert letter.attempts == 1
    assert letter.recorded_ms
    assert letter.recorded_ms <= letter.dead_ms <= real.now_ms()


def test_pages_run_from_the_newest_to_the_oldest(real: RealLedger) -> None:
    ids = [bury(real, edit("x", n)).id for n in range(5)]
    first = [letter.id for letter in real.letterbox.newest(2)]
    second = [letter.id for letter in real.letterbox.newest(2, before=first[-1])]
    last = [letter.id for letter in real.letterbox.newest(2, before=second[-1])]
    assert [first, second, last] == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]
    assert real.letterbox.newest(2, before=last[-1]) == []


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "1-2-3", "1 2", "²-0", "18446744073709551616-0", "1" * 50, "+"])
def test_what_is_no_id_is_said_to_be_none(real: RealLedger, text: str) -> None:
    with pytest.raises(NoLetterIdError):
        real.letterbox.get(text)
    with pytest.raises(NoLetterIdError):
        real.letterbox.drop(["1-0", text])


# Replaying ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "receipts",
    [
        [read()],
        [read(up_to=3), read(up_to=4)],
        [read(1, 2), read(2)],
        [read(), delivered()],
        [read(1), delivered(1)],
        [delivered(up_to=1)],
        [edit("x", 1), edit("y", 2)],
    ],
    ids=str,
)
def test_a_replayed_letter_is_claimed_again_with_all_its_receipts(real: RealLedger, receipts: list[Receipt]) -> None:
    real.record(receipts)
    [first] = real.claim()
    assert real.settle(*settlement(first, "dead"))
    letter = real.letterbox.newest(1)[0]
    n = len(receipts) + (receipts[0] == read(1, 2))
    assert accounts(real) == Accounts(recorded=n, dead=n)
    assert real.letterbox.replay(letter) == Replayed(0)
    assert accounts(real) == Accounts(recorded=n, pending=n)
    assert real.letterbox.newest(1) == []
    [again] = real.claim()
    assert sent(again) == sent(first)
    assert real.settle(*settlement(again, "done"))
    assert accounts(real) == Accounts(recorded=n, covered=n)
    assert int(real.fields(again.slot)["D"]) == 0


def sent(claim: AnyClaim) -> object:
    if isinstance(claim, MarkClaim):
        return claim.read_all, claim.delivered_all, dict(claim.ids)
    return claim.revision, claim.text, claim.actor


def test_replayed_twice_it_counts_once(real: RealLedger) -> None:
    letter = bury(real, read(), read())
    assert real.letterbox.replay(letter) == Replayed(0)
    assert real.letterbox.replay(letter) is None
    assert accounts(real) == Accounts(recorded=2, pending=2)


def test_it_gathers_like_a_new_one_and_wakes_the_workers(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, gather_min_ms="300", gather_max_ms="300")
    real.record([read()])
    real.come_due()
    [claim] = real.claim()
    assert real.settle(*settlement(claim, "dead"))
    with real.redis.pubsub() as wakes:
        wakes.subscribe(f"{PREFIX}:wake")
        assert wakes.get_message(timeout=5)["type"] == "subscribe"
        real.letterbox.replay(real.letterbox.newest(1)[0])
        assert 0 < int(wakes.get_message(timeout=5)["data"]) <= 300
    assert real.claim() == []


@pytest.mark.parametrize("dead", [read(), read(1)], ids=str)
def test_a_more_urgent_kind_brings_forward_what_waits(redis_client: redis.Redis, dead: MarkRead) -> None:
    slow = {"gather_delivered_min_ms": "9000000", "gather_delivered_max_ms": "9000000"}
    real = RealLedger(redis_client, gather_min_ms="5000", gather_max_ms="5000", **slow)
    real.record([dead])
    real.come_due()
    [claim] = real.claim()
    assert real.settle(*settlement(claim, "dead"))
    real.record([delivered(9)])
    assert real.due_ms(MARKS) > real.now_ms() + 8_000_000
    real.letterbox.replay(real.letterbox.newest(1)[0])
    assert real.due_ms(MARKS) <= real.now_ms() + 5_000


def test_what_waits_keeps_its_due_time(real: RealLedger) -> None:
    letter = bury(real, read(1))
    real.record([read(2)])
    [claim] = real.claim()
    assert real.settle(claim.slot, claim.generation, Again("status 503", "unavailable", delay_ms=60_000))
    before = real.due_ms(MARKS)
    real.letterbox.replay(letter)
    assert real.due_ms(MARKS) == before
    assert accounts(real) == Accounts(recorded=2, pending=2)


def test_a_mark_that_has_been_covered_since_costs_no_put(real: RealLedger) -> None:
    named, listed = bury(real, read(up_to=1), read(up_to=1)), bury(real, read(1))
    send(real, read(up_to=1))
    assert real.letterbox.replay(named) == Replayed(2)
    assert real.letterbox.replay(listed) == Replayed(1)
    assert accounts(real) == Accounts(recorded=4, covered=4)
    assert real.redis.zcard(f"{PREFIX}:due") == 0


def test_one_name_that_is_not_covered_owes_a_put_for_all(real: RealLedger) -> None:
    letter = bury(real, read(up_to=1), read(up_to=2))
    send(real, read(up_to=1))
    assert real.letterbox.replay(letter) == Replayed(0)
    assert accounts(real) == Accounts(recorded=3, covered=1, pending=2)


def test_an_edit_older_than_what_was_sent_since_is_absorbed(real: RealLedger) -> None:
    letter = bury(real, edit("old", 1), edit("older", 0))
    send(real, edit("new", 2))
    assert real.letterbox.replay(letter) == Replayed(2)
    assert real.claim() == []
    assert accounts(real) == Accounts(recorded=3, covered=3)


def test_an_edit_newer_than_what_was_sent_since_is_sent(real: RealLedger) -> None:
    letter = bury(real, edit("newest", 9))
    send(real, edit("new", 2))
    real.letterbox.replay(letter)
    assert the_edit(real).text == "newest"


def test_of_equal_revisions_what_was_sent_since_stays(real: RealLedger) -> None:
    letter = bury(real, edit("before", 5))
    send(real, edit("after", 5))
    assert real.letterbox.replay(letter) == Replayed(1)
    assert accounts(real) == Accounts(recorded=2, covered=2)


def test_of_equal_revisions_what_was_sent_before_gives_way(real: RealLedger) -> None:
    send(real, edit("before", 5))
    letter = bury(real, edit("after", 5))
    assert real.letterbox.replay(letter) == Replayed(0)
    assert the_edit(real).text == "after"


def test_of_equal_revisions_one_that_was_sent_before_and_one_since_leave_the_later(real: RealLedger) -> None:
    send(real, edit("before", 5))
    letter = bury(real, edit("dead", 5))
    send(real, edit("after", 5))
    assert real.letterbox.replay(letter) == Replayed(1)
    assert real.claim() == []


@pytest.mark.parametrize("revision", [5, 6])
def test_an_edit_goes_under_what_waits(real: RealLedger, revision: int) -> None:
    letter = bury(real, edit("dead", 5))
    real.record([edit("waits", revision)])
    real.letterbox.replay(letter)
    assert the_edit(real).text == "waits"
    assert accounts(real) == Accounts(recorded=2, in_flight=2)


@pytest.mark.parametrize("revision", [5, 6])
def test_an_edit_goes_under_what_is_in_flight_and_shares_its_fate(real: RealLedger, revision: int) -> None:
    letter = bury(real, edit("dead", 5))
    real.record([edit("flies", revision)])
    flying = the_edit(real)
    real.letterbox.replay(letter)
    assert accounts(real) == Accounts(recorded=2, in_flight=2)
    assert real.settle(*settlement(flying, "done"))
    assert accounts(real) == Accounts(recorded=2, covered=2)


def test_an_edit_newer_than_what_is_in_flight_waits_for_its_own_put(real: RealLedger) -> None:
    letter = bury(real, edit("dead", 7))
    real.record([edit("flies", 6)])
    flying = the_edit(real)
    real.letterbox.replay(letter)
    assert real.settle(*settlement(flying, "done"))
    assert the_edit(real).text == "dead"


def test_an_edit_newer_than_one_that_is_tried_again_without_credentials_is_joined(real: RealLedger) -> None:
    letter = bury(real, edit("dead", 7))
    real.record([edit("waits", 6)])
    real.settle(*settlement(the_edit(real), WITHOUT_CREDENTIALS))
    real.come_due()
    flying = the_edit(real)
    assert real.letterbox.replay(letter) == Replayed(0)
    assert accounts(real) == Accounts(recorded=2, pending=1, in_flight=1)
    assert real.settle(*settlement(flying, "done"))
    assert the_edit(real).text == "dead"


def test_a_letter_whose_slots_ids_are_something_else_stays(real: RealLedger) -> None:
    letter = bury(real, read(1, 2))
    real.redis.set(f"{PREFIX}:{MARKS}:p", "garbage")
    with pytest.raises(redis.ResponseError, match=r"^LEDGER .*:p should be the ids of a slot"):
        real.letterbox.replay(letter)
    assert real.letterbox.newest(1) == [letter]
    real.redis.delete(f"{PREFIX}:{MARKS}:p")
    assert real.letterbox.replay(letter) == Replayed(0)
    assert accounts(real) == Accounts(recorded=2, pending=2)


def test_letters_of_one_revision_replayed_from_the_newest_leave_the_latest_text(real: RealLedger) -> None:
    for text in ("first", "second", "third"):
        bury(real, edit(text, 0))
    for letter in real.letterbox.newest(10):
        real.letterbox.replay(letter)
    assert the_edit(real).text == "third"
    assert accounts(real) == Accounts(recorded=3, in_flight=3)


def test_a_text_that_the_api_already_holds_costs_no_put(real: RealLedger) -> None:
    letter = bury(real, edit("same", 2))
    send(real, edit("same", 1))
    assert real.letterbox.replay(letter) == Replayed(1)
    assert real.redis.zcard(f"{PREFIX}:due") == 0
    assert accounts(real) == Accounts(recorded=2, covered=2)


def test_what_waits_needs_no_put_either_once_the_highest_revision_says_what_the_api_holds(real: RealLedger) -> None:
    letter = bury(real, edit("same", 5))
    send(real, edit("same", 1))
    real.record([edit("between", 3)])
    assert real.letterbox.replay(letter) == Replayed(2)
    assert real.redis.zcard(f"{PREFIX}:due") == 0
    assert accounts(real) == Accounts(recorded=3, covered=3)


def test_an_edit_slot_remembers_what_it_sent_as_long_as_a_letter_may_be_replayed(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, remember_ms="1000", dead_keep_ms="500000000")
    letter = bury(real, edit("old", 1))
    send(real, edit("new", 2))
    assert real.redis.pttl(f"{PREFIX}:{EDITS}") > 400_000_000
    real.letterbox.replay(letter)
    assert real.redis.pttl(f"{PREFIX}:{EDITS}") <= 1000


EDIT_CALL = json.dumps(
    {"args": [], "kwargs": {"dialog_id": DIALOG, "message_id": msg(1), "text": "x", "user_id": USER}}
)
A_DAY_MS = 86_400_000


def bury_call(real: RealLedger) -> DeadLetter:
    """A refused call that is an edit by now."""
    real.ledger.bury_invalid(EDIT, EDIT_CALL, "invalid")
    return real.letterbox.newest(1)[0]


def grow_old(real: RealLedger, letter: DeadLetter, by_ms: int) -> DeadLetter:
    """The same letter, dead since then."""
    fields = dict(letter.fields) | {"dead_ms": letter.dead_ms - by_ms}
    real.redis.xdel(f"{PREFIX}:dead", letter.id)
    real.redis.xadd(f"{PREFIX}:dead", fields)
    return real.letterbox.newest(1)[0]


def forget(real: RealLedger) -> None:
    """As when the slot of the edits has been remembered for long enough."""
    real.redis.delete(f"{PREFIX}:{EDITS}")


def stays(real: RealLedger, letter: DeadLetter) -> bool:
    before = accounts(real)
    with pytest.raises(NotReplayableError, match="may have been edited since"):
        real.letterbox.replay(letter)
    return real.letterbox.get(letter.id) == letter and accounts(real) == before and real.claim() == []


def test_a_refused_edit_whose_slot_has_forgotten_what_was_sent_since_stays(real: RealLedger) -> None:
    letter = bury_call(real)
    send(real, edit("newer", letter.dead_ms + 1))
    forget(real)
    assert stays(real, grow_old(real, letter, A_DAY_MS))


def test_an_edit_that_has_been_kept_longer_than_its_slot_was_remembered_stays(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, dead_keep_ms="500000000")
    letter = bury(real, edit("old", 1))
    send(real, edit("newer", 2))
    forget(real)  # for RECEIPTS_DEAD_KEEP_S was raised since
    assert stays(real, grow_old(real, letter, 3 * A_DAY_MS))


def test_a_refused_edit_whose_slot_knows_an_edit_that_died_alone_stays(real: RealLedger) -> None:
    letter = bury_call(real)
    forget(real)
    bury(real, edit("dead", letter.dead_ms + 2))
    assert stays(real, grow_old(real, letter, A_DAY_MS))


def test_an_old_edit_whose_slot_remembers_is_replayed(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, dead_keep_ms="500000000")
    letter = grow_old(real, bury(real, edit("old", 1)), 3 * A_DAY_MS)
    assert real.letterbox.replay(letter) == Replayed(0)
    assert the_edit(real).text == "old"


def test_an_old_refused_edit_is_absorbed_where_its_slot_knows_a_later_one(real: RealLedger) -> None:
    letter = bury_call(real)
    send(real, edit("newer", letter.dead_ms + 1))
    assert real.letterbox.replay(grow_old(real, letter, A_DAY_MS)) == Replayed(1)
    assert accounts(real) == Accounts(recorded=2, covered=2)


def test_a_refused_edit_that_is_younger_than_a_slot_s_memory_is_replayed(real: RealLedger) -> None:
    letter = grow_old(real, bury_call(real), A_DAY_MS - 60_000)
    assert real.letterbox.replay(letter) == Replayed(0)
    assert the_edit(real).text == "x"


def test_a_letter_of_any_number_of_listed_messages_is_replayed_whole(real: RealLedger) -> None:
    for start in range(0, 2_500, 500):
        real.record([read(*range(start, start + 500))])
    for _ in range(int(POLICY["crashes_max"])):  # a slot that kills its worker dies whole, not list by list
        real.come_due()
        assert len(real.claim()) == 1
        real.reap()
    [letter] = real.letterbox.newest(2)
    assert accounts(real) == Accounts(recorded=2_500, dead=2_500)
    assert real.letterbox.replay(letter) == Replayed(0)
    assert accounts(real) == Accounts(recorded=2_500, pending=2_500)
    [claim] = real.claim()
    assert isinstance(claim, MarkClaim)
    assert real.redis.hlen(f"{PREFIX}:{MARKS}:f") == 2_500


def test_a_slot_that_was_forgotten_takes_its_receipts_back(real: RealLedger) -> None:
    letter = bury(real, read(), read())
    real.redis.delete(f"{PREFIX}:{MARKS}")
    assert real.letterbox.replay(letter) == Replayed(0)
    assert accounts(real) == Accounts(recorded=2, pending=2)
    assert (int(real.fields(MARKS)["R"]), int(real.fields(MARKS).get("D", 0))) == (2, 0)


def test_a_damaged_slot_is_named_and_the_letter_stays(real: RealLedger) -> None:
    letter = bury(real, read())
    real.redis.delete(f"{PREFIX}:{MARKS}")
    real.redis.set(f"{PREFIX}:{MARKS}", "no slot")
    with pytest.raises(redis.ResponseError, match=f"LEDGER .*{MARKS}"):
        real.letterbox.replay(letter)
    assert real.letterbox.get(letter.id) == letter
    assert accounts(real) == Accounts(recorded=1, dead=1)


def test_a_session_s_letter_waits_for_a_token_that_a_later_receipt_brings(real: RealLedger) -> None:
    letter = bury(real, read(token="lost"))
    assert letter.needs_token
    assert "lost" not in str(letter.fields)
    real.redis.delete(f"{PREFIX}:t:{letter.actor}")  # as when it is known no more
    real.letterbox.replay(letter)
    assert real.claim() == []
    real.come_due()
    assert real.claim() == []
    assert accounts(real) == Accounts(recorded=1, pending=1)
    real.record([read(dialog=dialogs(1)[0], token="new")])
    assert {claim.slot: claim.token for claim in real.claim()} == {
        letter.slot: "new",
        f"m:{dialogs(1)[0]}:{letter.actor}": "new",
    }


def test_a_session_s_letter_is_sent_at_once_with_the_actor_s_newest_token(real: RealLedger) -> None:
    letter = bury(real, read(token="old"))
    real.record([read(dialog=dialogs(1)[0], token="new")])
    real.letterbox.replay(letter)
    assert {claim.token for claim in real.claim()} == {"new"}


def test_an_edit_of_another_actor_does_not_wait_for_the_first_one_s_token(real: RealLedger) -> None:
    letter = bury(real, edit("key", 9))
    real.record([edit("session", 2, token="expired")])
    refused = Again("refused", "unauthorized", delay_ms=3_600_000, costs_attempt=True, wants_token=True)
    waiting = the_edit(real)
    assert real.settle(waiting.slot, waiting.generation, refused)
    assert real.claim() == []
    real.letterbox.replay(letter)
    claim = the_edit(real)
    assert (claim.text, claim.actor, claim.token) == ("key", f"u{USER}", None)
    assert real.redis.zrangebyscore(f"{PREFIX}:w:{waiting.actor}", 0, "+inf") == []


def test_a_slot_that_waited_for_a_token_and_needs_no_put_any_more_waits_no_longer(real: RealLedger) -> None:
    letter = bury(real, edit("same", 5, token="t"))
    send(real, edit("same", 1, token="t"))
    real.record([edit("between", 3, token="t")])
    actor = real.fields(EDITS)["pu"]
    now_ms = real.now_ms()
    real.redis.hset(f"{PREFIX}:{EDITS}", "u", now_ms)  # as claim.lua leaves a slot whose token was refused elsewhere
    real.redis.zadd(f"{PREFIX}:w:{actor}", {EDITS: now_ms})
    assert real.letterbox.replay(letter) == Replayed(2)
    assert "u" not in real.fields(EDITS)
    assert real.redis.zcard(f"{PREFIX}:w:{actor}") == 0


@pytest.mark.parametrize("act", ["replay", "drop", "expire"])
def test_a_full_redis_lets_letters_go(real: RealLedger, act: str) -> None:
    letter = bury(real, read(), read())
    real.redis.config_set("maxmemory", 1)
    try:
        if act == "replay":
            assert real.letterbox.replay(letter) == Replayed(0)
        elif act == "drop":
            assert real.letterbox.drop([letter.id]) == [True]
        else:
            assert real.ledger.expire_letters() == 0
    finally:
        real.redis.config_set("maxmemory", 0)
    assert accounts(real).recorded == 2


# Calls that never became a receipt --------------------------------------------------------------------------------


def refused_call(real: RealLedger, task: str, arguments: str, *, cut: bool = False) -> DeadLetter:
    real.ledger.bury_invalid(task, arguments, "refused: an eta", cut=cut)
    return real.letterbox.newest(1)[0]


def test_a_refused_call_is_recorded_from_its_arguments(real: RealLedger) -> None:
    letter = refused_call(
        real, READ, f'{{"args": ["{DIALOG}"], "kwargs": {{"user_id": 123, "message_ids": ["{msg(1)}", "{msg(2)}"]}}}}'
    )
    assert (letter.kind, letter.dialog_id, letter.message_ids) == ("call", DIALOG, (msg(1), msg(2)))
    assert accounts(real) == Accounts(recorded=1, dead=1)
    real.letterbox.replay(letter)
    assert accounts(real) == Accounts(recorded=2, pending=2)
    [claim] = real.claim()
    assert isinstance(claim, MarkClaim)
    assert dict(claim.ids) == {msg(1): "r", msg(2): "r"}


def test_a_refused_call_lowers_no_slot_s_dead(real: RealLedger) -> None:
    bury(real, read())
    real.letterbox.replay(refused_call(real, READ, f'{{"args": ["{DIALOG}"], "kwargs": {{"user_id": {USER}}}}}'))
    assert accounts(real) == Accounts(recorded=2, dead=1, pending=1)
    assert int(real.fields(MARKS)["D"]) == 1


def test_a_refused_edit_without_a_revision_does_not_overtake_what_came_later(real: RealLedger) -> None:
    args = f'{{"args": ["{DIALOG}", "{msg(1)}", "old"], "kwargs": {{"user_id": {USER}}}}}'
    letter = refused_call(real, EDIT, args)
    send(real, EditMessage(dialog_id=DIALOG, message_id=msg(1), text="new", user_id=USER, revision=letter.dead_ms + 1))
    assert real.letterbox.replay(letter) == Replayed(1)


@pytest.mark.parametrize(
    ("task", "arguments", "cut", "why"),
    [
        (READ, '{"args": [], "kwargs": {"dialog', "cut", "not kept whole"),
        (READ, '{"args": [], "kwargs": {"dialog', "", "cannot be read"),
        (READ, "[" * 100_000, "", "cannot be read"),
        (READ, '{"args": {}, "kwargs": []}', "", "dialog_id"),
        (READ, f'{{"args": ["{DIALOG}"], "kwargs": {{"token": "(secret)"}}}}', "", "session token was not kept"),
        (READ, f'{{"args": ["{DIALOG}", "(secret)"], "kwargs": {{}}}}', "", "at most 1 without a name"),
        (
            READ,
            f'{{"args": ["{DIALOG}"], "kwargs": {{"user_id": 1, "application": "x"}}}}',
            False,
            "another application",
        ),
        (READ, '{"args": ["wrong"], "kwargs": {"user_id": 1}}', "", "dialog_id: expected 24"),
        ("receipts.mark_seen", '{"args": [], "kwargs": {}}', "", "none that records receipts"),
    ],
)
def test_a_call_that_cannot_be_recorded_stays_and_says_why(
    real: RealLedger,
    task: str,
    arguments: str,
    cut: str,
    why: str,
) -> None:
    letter = refused_call(real, task, arguments, cut=bool(cut))
    with pytest.raises(NotReplayableError, match=why):
        real.letterbox.replay(letter)
    assert accounts(real) == Accounts(recorded=1, dead=1)


# Dropping, and what is kept ----------------------------------------------------------------------------------------


def test_what_is_dropped_stays_dead_and_is_counted(real: RealLedger) -> None:
    first, second = bury(real, read(), read()), bury(real, edit("x", 1))
    assert real.letterbox.drop([first.id, "1-0"]) == [True, False]
    assert real.letterbox.drop([first.id]) == [False]
    assert accounts(real) == Accounts(recorded=3, dead=3, dropped=2)
    assert real.letterbox.newest(9) == [second]


def test_more_letters_than_are_kept_let_the_oldest_go_and_count_them(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, dead_keep_max="3")
    bury(real, read(), read())
    letters = [bury(real, edit("x", n)) for n in range(3)]
    assert real.letterbox.newest(9) == letters[::-1]
    assert accounts(real) == Accounts(recorded=5, dead=5, expired=2)
    real.ledger.bury_invalid(READ, "{}", "invalid")
    assert accounts(real) == Accounts(recorded=6, dead=6, expired=3)


def old(real: RealLedger, dead_ms: int) -> None:
    """A letter of one receipt that has been dead since then, as the scripts would have left it."""
    real.redis.xadd(f"{PREFIX}:dead", {"slot": EDITS, "receipts": 1, "reason": "old", "dead_ms": dead_ms})
    real.redis.xadd(f"{PREFIX}:notices", {"outcome": "dead", "receipts": 1})
    for name in ("recorded", "dead"):
        real.redis.hincrby(f"{PREFIX}:counts", name, 1)


def test_letters_older_than_are_kept_go_when_the_ticker_looks_or_another_dies(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, dead_keep_ms="60000")
    for _ in range(7):
        old(real, real.now_ms() - 60_001)
    old(real, real.now_ms() - 50_000)
    bury(real, read())
    assert accounts(real) == Accounts(recorded=9, dead=9, expired=4)  # a letter takes a few with it, not all
    assert real.ledger.expire_letters() == 3
    assert real.ledger.expire_letters() == 0
    assert accounts(real) == Accounts(recorded=9, dead=9, expired=7)


def test_many_more_than_are_kept_go_a_bounded_number_at_a_time(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client)
    for _ in range(600):
        old(real, real.now_ms())
    real = RealLedger(redis_client, dead_keep_max="10")
    assert [real.ledger.expire_letters() for _ in range(3)] == [500, 90, 0]
    assert accounts(real) == Accounts(recorded=600, dead=600, expired=590)


# Another hand ------------------------------------------------------------------------------------------------------

GARBAGE: list[dict[bytes, bytes]] = [
    {b"x": b"y"},
    {b"\xff": b"\xff\x00\x1b[2J"},
    {b"slot": b"\xff:\xff:\xff", b"receipts": b"-1"},
    {b"slot": b"m:a:b", b"receipts": b"1", b"read": b"1"},
    {b"slot": MARKS.encode(), b"receipts": b"9" * 400, b"read": b"9" * 400},
    {b"slot": MARKS.encode(), b"receipts": b"1", b"read": b"\xd9\xa1"},
    {b"slot": MARKS.encode(), b"receipts": b"1", b"read": b"1", b"read_names": b"\xff"},
    {b"slot": MARKS.encode(), b"receipts": b"1", b"read_ids": b"x,y"},
    {b"slot": MARKS.encode(), b"receipts": b"1"},
    {b"slot": EDITS.encode(), b"receipts": b"1", b"revision": b"1", b"text": b"\xff", b"actor": b"u1"},
    {b"slot": EDITS.encode(), b"receipts": b"1", b"revision": b"1", b"text": b"x", b"actor": b"u1\r\n"},
    {b"slot": EDITS.encode(), b"receipts": b"1", b"revision": b"9" * 16, b"text": b"x", b"actor": b"u1"},
    {b"slot": EDITS.encode(), b"receipts": b"0", b"revision": b"1", b"text": b"x", b"actor": b"u1"},
    {b"slot": EDITS.encode(), b"receipts": b"1", b"text": b"x", b"actor": b"u1"},
    {b"task": b"\xff", b"arguments": b"\xff", b"receipts": b"x", b"dead_ms": b"-5"},
    {b"task": READ.encode(), b"arguments": b'{"args": "ab", "kwargs": [[1]]}'},
]  # fmt: skip


@pytest.mark.parametrize("entry", GARBAGE, ids=str)
def test_an_entry_of_another_hand_can_be_read_and_dropped_and_not_replayed(
    real: RealLedger, entry: dict[bytes, bytes]
) -> None:
    real.redis.xadd(f"{PREFIX}:dead", entry)
    [letter] = real.letterbox.newest(9)
    assert letter.receipts >= 0
    with pytest.raises(NotReplayableError):
        real.letterbox.replay(letter)
    assert real.letterbox.drop([letter.id]) == [True]
    assert real.letterbox.newest(9) == []


def test_a_forged_letter_is_recorded_anew_and_the_accounts_balance(real: RealLedger) -> None:
    real.redis.xadd(f"{PREFIX}:dead", {"slot": MARKS, "receipts": 5, "read": 2, "read_names": "*"})
    assert real.letterbox.replay(real.letterbox.newest(1)[0]) == Replayed(0)
    assert accounts(real) == Accounts(recorded=5, pending=5)


@pytest.mark.parametrize("id_", ["18446744073709551615-18446744073709551615", "99999999999999999-0"])
def test_an_id_from_the_end_of_time_stops_no_letter(real: RealLedger, id_: str) -> None:
    real.redis.xadd(f"{PREFIX}:dead", {"receipts": 0}, id=id_)
    bury(real, read())
    real.ledger.expire_letters()
    assert len(real.letters()) == (1 if id_[:3] == "184" else 2)
    assert [found.receipts for found in real.letterbox.newest(1)] == [1]


@pytest.mark.parametrize("kind", ["string", "list"])
def test_a_stream_of_another_type_is_no_letter_s(real: RealLedger, kind: str) -> None:
    client: Any = real.redis
    client.set(f"{PREFIX}:dead", "x") if kind == "string" else client.rpush(f"{PREFIX}:dead", "x")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        real.letterbox.newest(1)
    assert real.letterbox.drop(["1-0"]) == [False]
    assert list(real.broken()) == ["dead"]


def test_marks_of_many_slots_come_back_together(real: RealLedger) -> None:
    real.record([MarkRead(dialog_id=dialog, user_id=USER) for dialog in dialogs(50)])
    real.ledger.settle([settlement(claim, "dead") for claim in real.claim()])
    for letter in real.letterbox.newest(100):
        assert real.letterbox.replay(letter)
    assert accounts(real) == Accounts(recorded=50, pending=50)
    real.ledger.settle([settlement(claim, "done") for claim in real.claim()])
    assert accounts(real) == Accounts(recorded=50, covered=50)
