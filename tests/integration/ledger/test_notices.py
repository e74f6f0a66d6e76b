"""Notices in the real ledger: one for each end, written with it, kept until every reader has acknowledged it."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from receipt_sync import MarkRead, Receipt
from tests.histories import settlement
from tests.integration.ledger.real import APPLICATION, PREFIX, RealLedger
from tests.ledger_audit import audit
from tests.shorthand import DIALOG, USER, delivered, dialogs, edit, msg, read
from worker.hook import hand_on
from worker.ledger import Again
from worker.ledger.notices import GROUP, Notices

STREAM = f"{PREFIX}:notices"


@pytest.fixture
def notices(redis_client: redis.Redis) -> Notices:
    found = Notices(redis_client, APPLICATION, "one")
    found.make_group()
    return found


def end(real: RealLedger, *receipts: Receipt, ending: Any = "done") -> None:
    """Records receipts of one slot and lets every PUT of it end so."""
    real.record(receipts)
    while claims := real.claim():
        for claim in claims:
            assert real.settle(*settlement(claim, ending))


def told(notices: Notices) -> list[dict[str, Any]]:
    return [notice for _, notice in notices.take(100)]


def test_a_mark_of_the_whole_dialog(real: RealLedger, notices: Notices) -> None:
    end(real, read(), read(up_to=1), delivered())
    [notice] = told(notices)
    ended_ms, recorded_ms = notice.pop("ended_ms"), notice.pop("recorded_ms")
    assert recorded_ms <= ended_ms <= real.now_ms()
    assert "-" in notice.pop("id")
    assert notice == {
        "application": APPLICATION,
        "outcome": "covered",
        "kind": "marks",
        "receipts": 3,
        "dialog_id": DIALOG,
        "user_id": USER,
        "read": True,
        "read_up_to": [msg(1)],
        "read_message_ids": [],
        "delivered": True,
        "delivered_up_to": [],
        "delivered_message_ids": [],
    }


def test_marks_of_single_messages(real: RealLedger, notices: Notices) -> None:
    end(real, read(1, 2))
    [notice] = told(notices)
    assert (notice["read"], sorted(notice["read_message_ids"]), notice["receipts"]) == (False, [msg(1), msg(2)], 2)


def test_an_edit_without_its_text(real: RealLedger, notices: Notices) -> None:
    end(real, edit("a private text", 7))
    [notice] = told(notices)
    assert (notice["kind"], notice["message_id"], notice["revision"]) == ("edit", msg(1), 7)
    assert notice["user_id"] == USER
    assert b"private" not in repr(real.redis.xrange(STREAM)).encode()


def test_a_session_without_a_user_has_no_user_id(real: RealLedger, notices: Notices) -> None:
    end(real, MarkRead(dialog_id=DIALOG, token="nobodys"))
    end(real, read(token="first"))
    assert [notice["user_id"] for notice in told(notices)] == [None, USER]
    assert b"nobodys" not in repr(real.redis.xrange(STREAM)).encode()


@pytest.mark.parametrize("receipt", [read(), read(1), edit("a private text", 1)], ids=["whole", "listed", "edit"])
def test_a_death_says_why_and_which_letter(real: RealLedger, notices: Notices, receipt: Receipt) -> None:
    end(real, receipt, ending="dead")
    [notice] = told(notices)
    [letter] = real.letterbox.newest(1)
    assert (notice["outcome"], notice["receipts"], notice["reason"]) == ("dead", 1, letter.reason)
    assert notice["letter"] == letter.id
    assert b"private" not in repr(real.redis.xrange(STREAM)).encode()


def test_poison_and_calls_that_never_became_receipts_are_told(real: RealLedger, notices: Notices) -> None:
    real.record([read()])
    for _ in range(2):
        assert real.claim()
        real.reap()
    real.ledger.bury_invalid("receipts.mark_dialog_read", "{}", "invalid: dialog_id")
    poison, call = told(notices)
    assert poison["reason"].startswith("poison: ")
    assert (call["kind"], call["task"], call["reason"]) == ("call", "receipts.mark_dialog_read", "invalid: dialog_id")


def test_a_retry_is_no_end(real: RealLedger, notices: Notices) -> None:
    real.record([read()])
    [claim] = real.claim()
    assert real.settle(claim.slot, claim.generation, Again("status 503", "unavailable", costs_attempt=True))
    assert told(notices) == []


def test_none_are_written_unless_somebody_asked(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, notices_max="0")
    end(real, read())
    end(real, edit("x", 1), ending="dead")
    assert not redis_client.exists(STREAM)


def test_what_is_acknowledged_does_not_come_again_and_goes(real: RealLedger, notices: Notices) -> None:
    for dialog in dialogs(3):
        end(real, read(dialog=dialog))
    first, second, third = notices.take(100)
    notices.acknowledge([first[0], third[0]])
    assert notices.trim() == 1  # the second still waits, and what is behind it with it
    assert Notices(real.redis, APPLICATION, "one").take(100) == [second]  # the same worker, started anew
    notices.acknowledge([second[0]])
    assert (notices.trim(), notices.take(100)) == (2, [])


def test_another_group_is_waited_for(real: RealLedger, notices: Notices) -> None:
    real.redis.xgroup_create(STREAM, "ours", id="0")
    end(real, read())
    notices.acknowledge([id_ for id_, _ in notices.take(100)])
    assert notices.trim() == 0
    real.redis.xreadgroup("ours", "reader", {STREAM: ">"})
    assert notices.trim() == 0
    real.redis.xack(STREAM, "ours", *[id_ for id_, _ in real.redis.xrange(STREAM)])
    assert notices.trim() == 1


def test_without_a_reader_all_stay(redis_client: redis.Redis) -> None:
    real, reader = RealLedger(redis_client), Notices(redis_client, APPLICATION, "one")
    assert reader.trim() == 0
    end(real, read())
    assert (reader.trim(), redis_client.xlen(STREAM)) == (0, 1)


def test_what_a_dead_worker_took_comes_to_another(real: RealLedger, notices: Notices) -> None:
    end(real, read())
    [taken] = notices.take(100)
    real.redis.xclaim(STREAM, GROUP, "one", 0, [taken[0]], idle=60_001)  # a minute later
    assert Notices(real.redis, APPLICATION, "two").take(100) == [taken]


def test_one_that_was_trimmed_away_while_it_was_pending_is_forgotten(real: RealLedger, notices: Notices) -> None:
    end(real, read())
    notices.take(100)
    real.redis.xtrim(STREAM, maxlen=0)
    again = Notices(real.redis, APPLICATION, "one")
    again._looks_s = float("inf")  # newer servers forget it by themselves when they look for abandoned ones
    assert again.take(100) == []
    assert real.redis.xpending(STREAM, GROUP)["pending"] == 0


def test_more_than_are_kept_go_and_are_counted(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, notices_max="2")
    for dialog in dialogs(5):
        end(real, read(dialog=dialog))
    assert redis_client.xlen(STREAM) == 2
    assert redis_client.hget(f"{PREFIX}:counts", "notices_lost") == b"3"
    audit(redis_client, APPLICATION)


def test_a_key_of_another_type_is_set_aside(real: RealLedger) -> None:
    real.redis.set(STREAM, "garbage")
    end(real, read())
    assert real.redis.xlen(STREAM) == 1
    assert "a string" in real.broken()["notices"]


def test_an_entry_of_another_hand_is_handed_on_as_far_as_it_can_be_read(real: RealLedger, notices: Notices) -> None:
    real.redis.xadd(STREAM, {b"\xff": b"\xff", b"slot": b"x", b"receipts": b"many"})
    [notice] = told(notices)
    assert (notice["kind"], notice["receipts"], notice["outcome"]) == ("unknown", 0, "")


def test_what_could_not_be_handed_over_is_not_acknowledged(real: RealLedger, notices: Notices) -> None:
    end(real, read())
    handed: list[Any] = []

    def broker_is_away(_: Any) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        hand_on(notices, broker_is_away)
    assert hand_on(notices, handed.append) == 1
    assert handed[0][0]["dialog_id"] == DIALOG
    assert hand_on(notices, handed.append) == 0
