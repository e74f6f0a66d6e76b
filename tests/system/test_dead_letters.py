"""The life of a dead letter: the API rejects, an operator looks, mends and replays, and the PUT arrives."""

from __future__ import annotations

import json

from receipt_sync import EditMessage, MarkRead
from tests.running import System

TEXT = "a text that is private"


def test_what_was_rejected_arrives_once_the_api_is_mended_and_the_letters_are_replayed(system: System) -> None:
    system.start_worker()
    rejected, _ = system.dialog(1)
    _, messages = system.dialog(2)
    system.api.faults(rejected_dialogs=[rejected], rejected_ids=[messages[0]], rejected_status=403)
    edit = EditMessage(dialog_id=f"d{2:023x}", message_id=messages[0], text=TEXT, user_id=7)
    system.receipts.record_many([MarkRead(dialog_id=rejected, user_id=123), edit])
    assert system.wait_until_settled().dead == 2

    listed = json.loads(system.operate("dead", "list", "--json"))["letters"]
    assert {(letter["kind"], letter["dialog_id"], letter["reason"]) for letter in listed} == {
        ("marks", rejected, "rejected: status 403"),
        ("edit", f"d{2:023x}", "rejected: status 403"),
    }
    assert TEXT not in system.operate("dead", "list")
    [edited] = [letter["id"] for letter in listed if letter["kind"] == "edit"]
    assert TEXT in system.operate("dead", "show", edited)

    system.api.clear_faults()
    assert "Replayed 2 letters of 2 receipts" in system.operate("dead", "replay", "--all", "--reason", "rejected")
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered, accounts.dead) == (2, 2, 0)
    world = {message["_id"]: message for message in system.api.world()["messages"]}
    assert world[messages[0]]["message"] == TEXT
    assert all(123 in m["read_ids"] for m in world.values() if m["chat_dialog_id"] == rejected)
    assert json.loads(system.operate("dead", "list", "--json"))["letters"] == []
