"""The whole way: a web app reports, our worker sends, and QuickBlox' own client sees it in the chat."""

from __future__ import annotations

from tests.contract.sdk.client import Sdk
from tests.running import StartSystem


def test_the_client_sees_what_our_worker_has_sent(start_system: StartSystem) -> None:
    system = start_system()
    system.start_worker()
    with Sdk(f"127.0.0.1:{system.api_port}") as sdk:
        ann, bob, cat = (sdk.user(name).log_in() for name in ("ann", "bob", "cat"))
        made = ann("chat.dialog.create", {"type": 2, "name": "talk", "occupants_ids": [bob.id, cat.id]})
        dialog = made["_id"]
        first, second, last = (ann.say(dialog, text)["_id"] for text in ("one", "two", "three"))
        assert (bob.unread(dialog), cat.unread(dialog)) == (3, 3)

        cats_token = cat("getSession")["session"]["token"]
        system.receipts.mark_dialog_read(dialog, user_id=bob.id)
        system.receipts.mark_dialog_delivered(dialog, user_id=bob.id)
        system.receipts.mark_dialog_read(dialog, token=cats_token, message_ids=[first, last])
        system.receipts.edit_message(dialog, last, "drei & vier 👋", user_id=ann.id)
        system.wait_until_settled()

        assert (bob.unread(dialog), cat.unread(dialog)) == (0, 1)
        seen = ann.look(dialog)
        assert {one: set(seen[one]["read_ids"]) for one in seen} == {
            first: {ann.id, bob.id, cat.id},
            second: {ann.id, bob.id},
            last: {ann.id, bob.id, cat.id},
        }
        assert all(set(one["delivered_ids"]) == {ann.id, bob.id} for one in seen.values())
        assert [one["message"] for one in seen.values()] == ["one", "two", "drei & vier 👋"]
        [shown] = [item for item in bob("chat.dialog.list", {})["items"] if item["_id"] == dialog]
        assert (shown["last_message"], shown["unread_messages_count"]) == ("drei & vier 👋", 0)
    assert {call.status for call in system.puts()} == {200}
    assert system.accounts().dead == 0
