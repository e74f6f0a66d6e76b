"""Dialogs and messages: made, listed, changed, counted and deleted."""

from __future__ import annotations

import re

import pytest

from tests.contract.sdk.client import SdkError, SdkUser

OBJECT_ID = re.compile(r"[0-9a-f]{24}")


def test_a_group_dialog_is_made_with_its_occupants_in_order(ann: SdkUser, bob: SdkUser, cat: SdkUser) -> None:
    # The client makes one text of the array, with blanks.
    made = ann("chat.dialog.create", {"type": 2, "name": "a & b", "occupants_ids": [cat.id, bob.id]})
    assert OBJECT_ID.fullmatch(made["_id"])
    assert (made["type"], made["name"], made["user_id"]) == (2, "a & b", ann.id)
    assert made["occupants_ids"] == sorted([ann.id, bob.id, cat.id])
    assert (made["last_message"], made["unread_messages_count"]) == (None, 0)


def test_a_private_dialog_has_two(ann: SdkUser, bob: SdkUser) -> None:
    made = ann("chat.dialog.create", {"type": 3, "occupants_ids": [bob.id]})
    assert (made["type"], made["occupants_ids"]) == (3, sorted([ann.id, bob.id]))
    assert ann.say(made["_id"], "you?")["recipient_id"] == bob.id


def test_dialogs_are_listed_with_what_was_said_last(
    bob: SdkUser, ann: SdkUser, dialog: str, messages: list[str]
) -> None:
    page = bob("chat.dialog.list", {"limit": 90, "skip": 0})
    assert (page["limit"], page["skip"], page["total_entries"]) == (90, 0, len(page["items"]))
    [shown] = [item for item in page["items"] if item["_id"] == dialog]
    assert (shown["last_message"], shown["last_message_id"]) == ("three", messages[2])
    assert (shown["last_message_user_id"], shown["unread_messages_count"]) == (ann.id, 3)


def test_a_dialog_is_renamed_and_its_occupants_change(ann: SdkUser, bob: SdkUser, cat: SdkUser, dialog: str) -> None:
    changed = ann("chat.dialog.update", dialog, {"name": "new", "pull_all": {"occupants_ids": [cat.id]}})
    assert (changed["name"], changed["occupants_ids"]) == ("new", sorted([ann.id, bob.id]))
    assert dialog not in {item["_id"] for item in cat("chat.dialog.list", {})["items"]}
    changed = ann("chat.dialog.update", dialog, {"push_all": {"occupants_ids": [cat.id]}})
    assert cat.id in changed["occupants_ids"]


def test_a_message_says_what_it_was_made_with(ann: SdkUser, dialog: str) -> None:
    text = 'Grüße "an" & alle + 100 %\n👋'
    made = ann.say(dialog, text)
    assert OBJECT_ID.fullmatch(made["_id"])
    assert (made["chat_dialog_id"], made["message"], made["sender_id"]) == (dialog, text, ann.id)
    assert made["read_ids"] == made["delivered_ids"] == [ann.id]
    assert ann.look(dialog)[made["_id"]] == made


def test_messages_are_listed_in_order_and_backwards(bob: SdkUser, dialog: str, messages: list[str]) -> None:
    assert list(bob.look(dialog)) == messages
    page = bob("chat.message.list", {"chat_dialog_id": dialog, "sort_desc": "date_sent", "limit": 2, "mark_as_read": 0})
    assert [item["_id"] for item in page["items"]] == [messages[2], messages[1]]


def test_listing_messages_marks_them_as_read(ann: SdkUser, bob: SdkUser, dialog: str, messages: list[str]) -> None:
    bob.look(dialog)
    assert bob.unread(dialog) == 3
    bob("chat.message.list", {"chat_dialog_id": dialog, "limit": 1})
    assert bob.unread(dialog) == 2
    assert [bob.id in ann.look(dialog)[one]["read_ids"] for one in messages] == [True, False, False]


def test_unread_messages_are_counted_by_dialog_and_together(
    ann: SdkUser, cat: SdkUser, dialog: str, messages: list[str]
) -> None:
    other = ann("chat.dialog.create", {"type": 3, "occupants_ids": [cat.id]})["_id"]
    ann.say(other, "only you")
    counted = cat("chat.message.unreadCount", {"chat_dialog_ids": [dialog, other]})
    assert counted == {"total": len(messages) + 1, dialog: len(messages), other: 1}
    assert list(cat("chat.message.unreadCount", {})) == ["total"]
    assert ann.unread(dialog) == 0


def test_a_message_is_deleted_for_oneself_or_for_everybody(
    ann: SdkUser, bob: SdkUser, dialog: str, messages: list[str]
) -> None:
    assert bob("chat.message.delete", messages[0]) == ""
    assert (list(bob.look(dialog)), list(ann.look(dialog))) == (messages[1:], messages)
    assert ann("chat.message.delete", messages[1], {"force": 1}) == ""
    assert list(bob.look(dialog)) == messages[2:]
    told = ann("chat.message.delete", [messages[2], "f" * 24], {"force": 1})
    assert (messages[2] in told, "NotFound" in told) == (True, True)
    assert bob.look(dialog) == {}


def test_a_dialog_is_deleted_for_oneself_or_by_its_owner_for_everybody(
    ann: SdkUser, bob: SdkUser, cat: SdkUser, dialog: str, messages: list[str]
) -> None:
    assert cat("chat.dialog.delete", dialog) == ""
    assert list(bob.look(dialog)) == messages
    with pytest.raises(SdkError) as refusal:
        bob("chat.dialog.delete", dialog, {"force": 1})
    assert refusal.value.code == 403
    assert ann("chat.dialog.delete", [dialog], {"force": 1}) == ""
    with pytest.raises(SdkError) as gone:
        bob.look(dialog)
    assert gone.value.code == 404
