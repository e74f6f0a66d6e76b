"""Bad days of the chat API: it refuses, hangs, resets, throttles, rejects. Each ends with all accounts balanced."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from receipt_sync import EditMessage, MarkDelivered, MarkRead
from tests.running import StartSystem, System, until


def _mark_all(system: System, dialogs: int) -> None:
    ids = [system.dialog(i)[0] for i in range(dialogs)]
    system.receipts.record_many([MarkRead(dialog_id=dialog_id, user_id=123) for dialog_id in ids])


def _check_covered(system: System, recorded: int) -> None:
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered, accounts.dead) == (recorded, recorded, 0)


def test_refused_connections(system: System) -> None:
    dialog_id, _ = system.dialog(1)
    system.start_worker()
    system.api_process.kill()
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    until(lambda: int(system.redis.hget("rs:{default}:counts", "puts_unavailable") or 0) >= 2, "two refused PUTs")
    system.start_api()
    system.dialog(1)
    _check_covered(system, 1)


@pytest.mark.parametrize(
    "faults",
    [
        {"hang_share": 1.0},
        {"hang_share": 1.0, "hang_applies": True},
        {"reset_share": 1.0},
        {"reset_share": 1.0, "reset_applies": True},
        {"error_share": 1.0, "error_status": 502},
        {"outage": True},
    ],
    ids=["hangs", "applies and hangs", "resets", "applies and resets", "bad gateway", "outage"],
)
def test_unavailable_for_some_calls(system: System, faults: dict[str, object]) -> None:
    system.api.faults(first_n=6, **faults)
    system.start_worker()
    _mark_all(system, 4)
    _check_covered(system, 4)
    assert len(system.puts()) > 6
    assert all("123" in str(m["read_ids"]) for m in system.api.world()["messages"])


@pytest.mark.parametrize(
    "retry_after",
    [None, "1", "0", "-5", "99999999999999999999", "soon", format_datetime(datetime.now(UTC) + timedelta(days=900))],
    ids=["none", "seconds", "zero", "negative", "absurd", "words", "dated far"],
)
def test_throttled(start_system: StartSystem, retry_after: str | None) -> None:
    system: System = start_system(RECEIPTS_RETRY_AFTER_MAX_S="2")
    system.api.faults(throttle=True, retry_after=retry_after, first_n=2)
    system.start_worker()
    _mark_all(system, 4)
    _check_covered(system, 4)
    throttled = [call for call in system.puts() if call.status == 429]
    accepted = [call for call in system.puts() if call.status == 200]
    assert len(throttled) == 2
    assert len(accepted) == 4


def test_retry_after_holds_the_whole_application(start_system: StartSystem) -> None:
    system: System = start_system()
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=6), usegmt=True)
    dialogs = [system.dialog(i)[0] for i in range(2)]
    system.api.faults(throttle=True, retry_after=date, first_n=1)
    system.start_worker()
    system.receipts.mark_dialog_read(dialogs[0], user_id=123)
    until(lambda: int(system.redis.hget("rs:{default}:counts", "puts_throttled") or 0) == 1, "a throttled PUT")
    system.receipts.mark_dialog_read(dialogs[1], user_id=123)
    _check_covered(system, 2)
    first, *later = system.puts()
    assert first.status == 429
    # The header's date has whole seconds.
    assert (
        min(call.arrived for call in later)
        >= datetime.strptime(date, "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=UTC).timestamp() - 0.1
    )


def test_receipt_that_arrives_while_its_slot_is_in_flight_waits_for_the_next_put(system: System) -> None:
    dialog_id, _ = system.dialog(1)
    system.api.faults(latency_ms=700)
    system.start_worker()
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(1)
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    _check_covered(system, 2)
    first, second = system.puts()
    assert first.ended is not None
    assert second.arrived >= first.ended


def test_two_edits_out_of_order(system: System) -> None:
    dialog_id, (message_id, *_) = system.dialog(1)
    system.start_worker()
    system.receipts.edit_message(dialog_id, message_id, "newer", user_id=7, revision=2)
    system.wait_until_settled()
    system.receipts.edit_message(dialog_id, message_id, "older", user_id=7, revision=1)
    _check_covered(system, 2)
    assert len(system.puts()) == 1
    assert system.api.message(message_id)["message"] == "newer"


def test_older_edit_that_arrives_during_the_flight_of_a_newer_one(system: System) -> None:
    dialog_id, (message_id, *_) = system.dialog(1)
    system.api.faults(latency_ms=500)
    system.start_worker()
    system.receipts.edit_message(dialog_id, message_id, "newer", user_id=7, revision=2)
    system.wait_for_puts(1)
    system.receipts.edit_message(dialog_id, message_id, "older", user_id=7, revision=1)
    _check_covered(system, 2)
    assert [json.loads(call.body)["message"] for call in system.puts()] == ["newer"]


def test_retry_carries_the_newest_text(system: System) -> None:
    dialog_id, (message_id, *_) = system.dialog(1)
    system.api.faults(latency_ms=300, error_share=1.0, first_n=1)
    system.start_worker()
    system.receipts.edit_message(dialog_id, message_id, "first", user_id=7, revision=1)
    system.wait_for_puts(1)
    system.receipts.edit_message(dialog_id, message_id, "second", user_id=7, revision=2)
    _check_covered(system, 2)
    assert [json.loads(call.body)["message"] for call in system.puts()] == ["first", "second"]


def test_one_bad_id_in_a_comma_list(system: System) -> None:
    dialog_id, message_ids = system.dialog(1, messages=20)
    bad = message_ids[13]
    system.api.faults(rejected_ids=[bad])
    system.start_worker()
    system.receipts.mark_dialog_read(dialog_id, user_id=123, message_ids=message_ids)
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered, accounts.dead) == (20, 19, 1)
    (letter,) = system.dead_letters()
    assert letter["read_ids"] == bad
    assert letter["status"] == "404"
    assert "wasn't found" in letter["words"]
    unread = [m["_id"] for m in system.api.world()["messages"] if 123 not in m["read_ids"]]
    assert unread == [bad]


def test_one_dialog_that_is_always_rejected_beside_a_thousand_good_ones(system: System) -> None:
    _beside_a_thousand(system, status=404)
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered, accounts.dead) == (1001, 1000, 1)


def test_one_dialog_that_always_fails_beside_a_thousand_good_ones(system: System) -> None:
    _beside_a_thousand(system, status=500)
    until(lambda: int(system.redis.hget("rs:{default}:counts", "covered") or 0) == 1000, "the thousand covered")
    until(lambda: system.accounts().in_flight == 0, "nothing in flight")
    accounts = system.accounts()
    assert (accounts.recorded, accounts.covered, accounts.dead, accounts.pending) == (1001, 1000, 0, 1)
    system.api.clear_faults()
    assert system.wait_until_settled().covered == 1001


def _beside_a_thousand(system: System, status: int) -> None:
    dialogs = [f"d{i:023x}" for i in range(1001)]
    system.api.build_world(
        users=[7, 123],
        dialogs=[{"_id": d, "type": 2, "occupants_ids": [7, 123]} for d in dialogs],
        messages=[
            {"_id": f"e{i:023x}", "chat_dialog_id": d, "sender_id": 7, "message": "x"} for i, d in enumerate(dialogs)
        ],
    )
    system.api.faults(rejected_dialogs=[dialogs[500]], rejected_status=status)
    system.start_worker()
    system.receipts.record_many([MarkRead(dialog_id=dialog_id, user_id=123) for dialog_id in dialogs])


def test_refused_api_key_holds_the_application_until_it_works(system: System) -> None:
    system.api.faults(key_refused=True)
    system.start_worker()
    _mark_all(system, 3)
    until(lambda: int(system.redis.hget("rs:{default}:counts", "puts_unauthorized") or 0) >= 1, "a refused PUT")
    system.api.clear_faults()
    _check_covered(system, 3)


def test_expired_session_waits_for_a_newer_token(start_system: StartSystem) -> None:
    system: System = start_system(RECEIPTS_UNAUTHORIZED_HOLD_S="3600")
    dialog_id, _ = system.dialog(1)
    old, new = system.api.session(123), system.api.session(123)
    system.api.expire(old)
    system.start_worker()
    system.receipts.mark_dialog_read(dialog_id, user_id=123, token=old)
    until(lambda: system.accounts().pending == 1 and system.puts() != [], "the refused session's slot waiting")
    system.receipts.mark_dialog_delivered(dialog_id, user_id=123, token=new)
    _check_covered(system, 2)
    assert system.puts()[-1].headers["qb-token"] == new


def test_several_kinds_of_receipts_in_one_round_trip(system: System) -> None:
    dialog_id, message_ids = system.dialog(1)
    system.receipts.record_many(
        [
            MarkRead(dialog_id=dialog_id, user_id=123),
            MarkDelivered(dialog_id=dialog_id, user_id=123),
            EditMessage(dialog_id=dialog_id, message_id=message_ids[0], text="updated message", user_id=7),
        ]
    )
    system.start_worker()
    _check_covered(system, 3)
    bodies = sorted((json.loads(call.body) for call in system.puts()), key=len)
    assert bodies == [
        {"chat_dialog_id": dialog_id, "message": "updated message"},
        {"chat_dialog_id": dialog_id, "read": "1", "delivered": "1"},
    ]
