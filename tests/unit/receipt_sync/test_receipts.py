from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from receipt_sync import EditMessage, InvalidReceipt, MarkDelivered, MarkRead

DIALOG = "53a99a7be4b094c7c6d31b41"
MESSAGE = "53aabe15e4b077ddd43e7fd3"
OTHER = "53aabe15e4b077ddd43e7fd4"
TOKEN = "eddf864695d72d33b959eec2ae6c640d817dfada"
NOW_MS = 1_700_000_000_000

marks = pytest.mark.parametrize("mark", [MarkRead, MarkDelivered])


def edit(**replaced: Any) -> EditMessage:
    arguments: Mapping[str, Any] = {
        "dialog_id": DIALOG,
        "message_id": MESSAGE,
        "text": "updated message",
        "user_id": 123,
    }
    return EditMessage(**(dict(arguments) | replaced))


# Marks ----------------------------------------------------------------------------------------------------------


@marks
@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"dialog_id": DIALOG.upper()}, "dialog_id"),
        ({"dialog_id": None}, "dialog_id"),
        ({"user_id": None}, "user_id"),
        ({"user_id": True}, "user_id"),
        ({"user_id": 0}, "user_id"),
        ({"user_id": 2**63}, "user_id"),
        ({"user_id": "123"}, "user_id"),
        ({"token": "with space"}, "token"),
        ({"token": 5}, "token"),
        ({"up_to": "latest"}, "up_to"),
        ({"up_to": ""}, "up_to"),
        ({"message_ids": MESSAGE}, "message_ids"),
        ({"message_ids": []}, "message_ids"),
        ({"message_ids": [MESSAGE, MESSAGE.upper()]}, "message_ids[1]"),
    ],
)
def test_a_wrong_argument_of_a_mark_is_named(mark: Any, wrong: dict[str, Any], argument: str) -> None:
    with pytest.raises(InvalidReceipt) as caught:
        mark(**({"dialog_id": DIALOG, "user_id": 123} | wrong))
    assert caught.value.argument == argument
    assert str(caught.value).startswith(f"{argument}: expected ")
    assert caught.value.found


@marks
def test_ids_and_up_to_exclude_each_other(mark: Any) -> None:
    with pytest.raises(InvalidReceipt) as caught:
        mark(dialog_id=DIALOG, user_id=123, message_ids=[MESSAGE], up_to=MESSAGE)
    expected = "up_to: expected one of message_ids and up_to, not both, got message_ids beside it"
    assert str(caught.value) == expected


@marks
def test_a_list_is_used_up_once_and_kept(mark: Any) -> None:
    made = mark(dialog_id=DIALOG, user_id=123, message_ids=iter([MESSAGE, OTHER, MESSAGE]))
    assert made.message_ids == (MESSAGE, OTHER)
    assert made.wire() == made.wire()


@marks
def test_a_list_that_is_changed_afterwards_changes_no_receipt(mark: Any) -> None:
    ids = [MESSAGE]
    made = mark(dialog_id=DIALOG, user_id=123, message_ids=ids)
    ids.append("not an id")
    assert made.message_ids == (MESSAGE,)


@pytest.mark.parametrize(("mark", "letter"), [(MarkRead, "r"), (MarkDelivered, "d")])
def test_what_record_lua_is_given_for_a_mark(mark: Any, letter: str) -> None:
    by_user = f"m:{DIALOG}:u123"
    assert mark(dialog_id=DIALOG, user_id=123).wire() == (letter, by_user, "u123", "", "", "")
    assert mark(dialog_id=DIALOG, user_id=123, up_to=MESSAGE).wire() == (letter, by_user, "u123", MESSAGE, "", "")
    named = mark(dialog_id=DIALOG, user_id=123, message_ids=[MESSAGE, OTHER]).wire()
    assert named == (letter, by_user, "u123", "", f"{MESSAGE},{OTHER}", "")
    session = mark(dialog_id=DIALOG, user_id=123, token=TOKEN).wire()
    assert session == (letter, f"m:{DIALOG}:s123", "s123", "", "", TOKEN)


def test_a_session_without_a_user_has_an_actor_that_does_not_give_the_token_away() -> None:
    _, slot, actor, *_, token = MarkRead(dialog_id=DIALOG, token=TOKEN).wire()
    assert slot == f"m:{DIALOG}:{actor}"
    assert actor.startswith("t")
    assert len(actor) == 33
    assert TOKEN not in slot
    assert token == TOKEN
    assert MarkRead(dialog_id=DIALOG, token=TOKEN + "x").wire()[2] != actor


# Edits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"dialog_id": "d"}, "dialog_id"),
        ({"message_id": MESSAGE.upper()}, "message_id"),
        ({"message_id": f"{MESSAGE},{OTHER}"}, "message_id"),
        ({"message_id": None}, "message_id"),
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"text": "a\x00"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"text": "a" * 65_537}, "text"),
        ({"text": "aaaa", "max_text_bytes": 3}, "text"),
        ({"user_id": None}, "user_id"),
        ({"user_id": True}, "user_id"),
        ({"token": "\n"}, "token"),
        ({"revision": -1}, "revision"),
        ({"revision": 2**53}, "revision"),
        ({"revision": True}, "revision"),
        ({"revision": "5"}, "revision"),
        ({"revision": 5.0}, "revision"),
    ],
)
def test_a_wrong_argument_of_an_edit_is_named(wrong: dict[str, Any], argument: str) -> None:
    with pytest.raises(InvalidReceipt) as caught:
        edit(**wrong)
    assert caught.value.argument == argument
    assert str(caught.value).startswith(f"{argument}: expected ")
    assert caught.value.found


def test_what_record_lua_is_given_for_an_edit() -> None:
    slot = f"e:{DIALOG}:{MESSAGE}"
    assert edit().wire(NOW_MS) == ("e", slot, "u123", str(NOW_MS), "updated message", "")
    assert edit(revision=0).wire(NOW_MS) == ("e", slot, "u123", "0", "updated message", "")
    assert edit(token=TOKEN).wire(NOW_MS) == ("e", slot, "s123", str(NOW_MS), "updated message", TOKEN)


def test_the_longest_text_is_allowed() -> None:
    assert edit(text="€" * 21_845).wire(NOW_MS)[4] == "€" * 21_845


# All ------------------------------------------------------------------------------------------------------------


def test_neither_text_nor_token_shows() -> None:
    for receipt in (MarkRead(dialog_id=DIALOG, token=TOKEN), edit(text="a private text", token=TOKEN)):
        assert TOKEN not in repr(receipt) + str(receipt)
        assert "private" not in repr(receipt) + str(receipt)


def test_a_receipt_cannot_be_changed_and_a_changed_copy_is_checked() -> None:
    receipt = MarkRead(dialog_id=DIALOG, user_id=123)
    with pytest.raises(FrozenInstanceError):
        receipt.user_id = 0  # type: ignore[misc]
    with pytest.raises(InvalidReceipt, match="user_id"):
        replace(receipt, user_id=0)


def test_arguments_go_by_name_so_that_none_takes_anothers_place() -> None:
    with pytest.raises(TypeError):
        MarkRead(DIALOG, 123)  # type: ignore[call-arg]
