"""Marks and edits: `QB.chat.message.update`, which is the call that our worker makes."""

from __future__ import annotations

import json

import pytest

from sandbox.client import SandboxClient
from tests.contract.sdk.client import Sdk, SdkError, SdkUser
from tests.running import API_KEY


def marked(user: SdkUser, by: SdkUser, dialog: str, messages: list[str]) -> list[tuple[bool, bool]]:
    """Of each message: whether the user has read it, and whether it was delivered to them, as somebody else sees it."""
    seen = by.look(dialog)
    return [(user.id in seen[one]["read_ids"], user.id in seen[one]["delivered_ids"]) for one in messages]


NO, READ, DELIVERED, BOTH = (False, False), (True, False), (False, True), (True, True)


def test_one_message_is_marked_as_read(
    ann: SdkUser, bob: SdkUser, cat: SdkUser, dialog: str, messages: list[str]
) -> None:
    # A lost connection answers " ": only the empty text says that the API has.
    assert bob("chat.message.update", messages[1], {"chat_dialog_id": dialog, "read": 1}) == ""
    assert marked(bob, ann, dialog, messages) == [NO, READ, NO]
    assert marked(cat, ann, dialog, messages) == [NO, NO, NO]
    assert bob.unread(dialog) == 2


def test_without_an_id_all_messages_of_the_dialog_are(
    ann: SdkUser, bob: SdkUser, cat: SdkUser, dialog: str, messages: list[str]
) -> None:
    assert bob("chat.message.update", "", {"chat_dialog_id": dialog, "read": 1}) == ""
    assert marked(bob, ann, dialog, messages) == [READ, READ, READ]
    assert (bob.unread(dialog), cat.unread(dialog)) == (0, 3)


def test_several_ids_are_a_comma_list(
    ann: SdkUser, bob: SdkUser, control: SandboxClient, dialog: str, messages: list[str]
) -> None:
    assert bob("chat.message.update", [messages[0], messages[2]], {"chat_dialog_id": dialog, "delivered": 1}) == ""
    assert marked(bob, ann, dialog, messages) == [DELIVERED, NO, DELIVERED]
    put = [call for call in control.journal() if call.method == "PUT"][-1]
    assert put.path == f"/chat/Message/{messages[0]},{messages[2]}.json"


def test_delivered_is_not_read(ann: SdkUser, bob: SdkUser, dialog: str, messages: list[str]) -> None:
    assert bob("chat.message.update", "", {"chat_dialog_id": dialog, "delivered": 1}) == ""
    assert marked(bob, ann, dialog, messages) == [DELIVERED] * 3
    assert bob.unread(dialog) == 3


def test_both_travel_in_one_call(ann: SdkUser, bob: SdkUser, dialog: str, messages: list[str]) -> None:
    assert bob("chat.message.update", messages[0], {"chat_dialog_id": dialog, "read": 1, "delivered": 1}) == ""
    assert marked(bob, ann, dialog, messages) == [BOTH, NO, NO]


def test_an_edit_replaces_the_text_and_the_dialogs_last_message(
    ann: SdkUser, bob: SdkUser, dialog: str, messages: list[str]
) -> None:
    text = 'neu & "schön" = 100 %\n👋'
    assert ann("chat.message.update", messages[2], {"chat_dialog_id": dialog, "message": text}) == ""
    seen = bob.look(dialog)
    assert [seen[one]["message"] for one in messages] == ["one", "two", text]
    [shown] = [item for item in bob("chat.dialog.list", {})["items"] if item["_id"] == dialog]
    assert shown["last_message"] == text


def test_an_api_key_marks_on_behalf_of_a_user(
    sdk: Sdk, ann: SdkUser, cat: SdkUser, dialog: str, messages: list[str]
) -> None:
    # A client without a session: of two credentials at once the token would count.
    answer = sdk.user("server")(
        "service.ajax",
        {
            "type": "PUT",
            "url": "/chat/Message.json",
            "contentType": "application/json",
            "isNeedStringify": True,
            "data": {"chat_dialog_id": dialog, "read": "1"},
            "dataType": "text",
            "headers": {"Authorization": f"ApiKey {API_KEY}", "On-Behalf-Of": str(cat.id)},
        },
    )
    assert answer == ""
    assert marked(cat, ann, dialog, messages) == [READ] * 3


def test_refusals_arrive_with_their_status_and_words(
    ann: SdkUser, bob: SdkUser, dialog: str, messages: list[str]
) -> None:
    alone = ann("chat.dialog.create", {"type": 2, "name": "alone", "occupants_ids": []})["_id"]
    said: dict[int | None, object] = {}
    for who, ids, change in [
        (bob, "f" * 24, {"chat_dialog_id": dialog, "read": 1}),
        (bob, "", {"chat_dialog_id": alone, "read": 1}),
        (bob, messages[0], {"read": 1}),
    ]:
        with pytest.raises(SdkError) as refusal:
            who("chat.message.update", ids, change)
        assert isinstance(refusal.value.said, str)  # the client asks for text where it expects nothing
        said[refusal.value.code] = json.loads(refusal.value.said)["errors"]
    assert said == {
        404: ["The resource wasn't found"],
        403: ["You don't have appropriate permissions to perform this operation"],
        422: {"chat_dialog_id": ["is required"]},
    }
    assert marked(bob, ann, dialog, messages) == [NO] * 3


@pytest.mark.parametrize(("fault", "status"), [({"throttle": True}, 429), ({"outage": True}, 503)])
def test_a_busy_or_broken_server_is_an_error(
    bob: SdkUser, control: SandboxClient, dialog: str, fault: dict[str, bool], status: int
) -> None:
    control.faults(**fault)
    with pytest.raises(SdkError) as refusal:
        bob("chat.message.update", "", {"chat_dialog_id": dialog, "read": 1})
    assert refusal.value.code == status
    assert "<html>" in str(refusal.value.said)


def test_a_lost_connection_looks_like_an_answer_and_is_told_from_one(
    ann: SdkUser, bob: SdkUser, control: SandboxClient, dialog: str, messages: list[str]
) -> None:
    control.faults(reset_share=1.0)
    assert bob("chat.message.update", "", {"chat_dialog_id": dialog, "read": 1}) == " "
    control.clear_faults()
    assert marked(bob, ann, dialog, messages) == [NO] * 3
