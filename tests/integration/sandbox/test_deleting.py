"""Deleting messages and dialogs, for oneself and for everybody, and changing dialogs."""

import pytest

from sandbox.client import SandboxClient
from tests.integration.sandbox.chat import (
    DIALOG,
    FIRST,
    FOREIGN,
    FOREIGN_DIALOG,
    LAST,
    OTHER,
    READER,
    SECOND,
    SENDER,
    STRANGER,
    UNKNOWN,
    Chat,
    by_key,
)

LIST = f"/chat/Message.json?chat_dialog_id={DIALOG}&mark_as_read=0"
DELETED, NOT_FOUND, WRONG = "SuccessfullyDeleted", "NotFound", "WrongPermissions"


def listed(chat: Chat, user: int) -> list[str]:
    return [item["_id"] for item in chat.get(LIST, who=by_key(user)).json()["items"]]


def test_a_message_is_deleted_for_its_caller_alone(chat: Chat) -> None:
    answer = chat.call("DELETE", f"/chat/Message/{FIRST}.json")
    assert (answer.status_code, answer.text) == (200, "")
    assert (listed(chat, READER), listed(chat, OTHER)) == ([SECOND, LAST], [FIRST, SECOND, LAST])
    assert chat.get(f"/chat/Message/{FIRST}.json").status_code == 404
    assert chat.put(FIRST, read=1).status_code == 404
    assert chat.get("/chat/Message/unread.json").json() == {"total": 2}


@pytest.mark.parametrize("form", [True, False], ids=["form", "json"])
def test_with_force_it_is_deleted_for_everybody(chat: Chat, sandbox: SandboxClient, *, form: bool) -> None:
    answer = chat.call("DELETE", f"/chat/Message/{LAST}.json", {"force": 1}, who=by_key(SENDER), form=form)
    assert (answer.status_code, answer.text) == (200, "")
    assert LAST not in {message["_id"] for message in sandbox.world()["messages"]}
    assert chat.get(f"/chat/Dialog/{DIALOG}.json").json()["last_message_id"] == SECOND
    [call] = [call for call in sandbox.journal() if call.method == "DELETE"]
    assert call.applied


def test_force_in_the_query_says_the_same(chat: Chat) -> None:
    assert chat.call("DELETE", f"/chat/Message/{FIRST}.json?force=1", who=by_key(SENDER)).status_code == 200
    assert listed(chat, OTHER) == [SECOND, LAST]


def test_several_ids_are_told_one_by_one(chat: Chat) -> None:
    answer = chat.call("DELETE", f"/chat/Message/{FIRST},{UNKNOWN},{FOREIGN},{SECOND}.json")
    assert answer.json() == {
        DELETED: {"ids": [FIRST, SECOND]},
        NOT_FOUND: {"ids": [UNKNOWN]},
        WRONG: {"ids": [FOREIGN]},
    }


def test_one_that_cannot_be_deleted_is_a_refusal(chat: Chat) -> None:
    assert chat.call("DELETE", f"/chat/Message/{UNKNOWN}.json").status_code == 404
    assert chat.call("DELETE", f"/chat/Message/{FIRST}.json", {"force": 1}).status_code == 403
    assert chat.call("DELETE", "/chat/Message/x.json").status_code == 422
    assert chat.call("DELETE", f"/chat/Message/{FIRST}.json", {"force": "yes"}).status_code == 422
    assert listed(chat, READER) == [FIRST, SECOND, LAST]


def test_a_dialog_is_deleted_for_its_caller_alone(chat: Chat) -> None:
    answer = chat.call("DELETE", f"/chat/Dialog/{DIALOG}.json")
    assert (answer.status_code, answer.text) == (200, "")
    assert chat.get("/chat/Dialog.json").json()["total_entries"] == 0
    assert chat.get(LIST).status_code == chat.put(read=1).status_code == 404
    assert chat.call("DELETE", f"/chat/Dialog/{DIALOG}.json").status_code == 404
    assert len(listed(chat, OTHER)) == 3


def test_its_owner_deletes_it_for_everybody_and_nobody_else_does(chat: Chat, sandbox: SandboxClient) -> None:
    assert chat.call("DELETE", f"/chat/Dialog/{DIALOG}.json", {"force": 1}).status_code == 403
    answer = chat.call("DELETE", f"/chat/Dialog/{DIALOG},{FOREIGN_DIALOG}.json", {"force": 1}, who=by_key(SENDER))
    assert answer.json() == {DELETED: {"ids": [DIALOG, FOREIGN_DIALOG]}}
    assert sandbox.world() == {"dialogs": [], "messages": []}


def test_a_group_dialog_is_renamed_and_its_occupants_change(chat: Chat) -> None:
    change = {"name": "other", "push_all": {"occupants_ids": [STRANGER]}, "pull_all": {"occupants_ids": [OTHER]}}
    changed = chat.call("PUT", f"/chat/Dialog/{DIALOG}.json", change).json()
    assert (changed["name"], changed["occupants_ids"]) == ("other", [SENDER, READER, STRANGER])
    assert chat.get("/chat/Dialog.json", who=by_key(STRANGER)).json()["total_entries"] == 1
    assert chat.get(LIST, who=by_key(OTHER)).status_code == 403
    assert [one["_id"] for one in chat.get("/chat/Dialog.json", who=by_key(OTHER)).json()["items"]] == [FOREIGN_DIALOG]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"push_all": {"occupants_ids": [STRANGER]}}, "occupants_ids"),
        ({"name": "ours"}, "name"),
        ({"push_all": [STRANGER]}, "push_all"),
        ({"pull_all": {"occupants_ids": ["x"]}}, "occupants_ids"),
    ],
)
def test_a_private_dialog_stays_as_it_is(chat: Chat, change: dict[str, object], field: str) -> None:
    answer = chat.call("PUT", f"/chat/Dialog/{FOREIGN_DIALOG}.json", change, who=by_key(SENDER))
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])


def test_a_listing_goes_backwards_where_it_is_asked_to(chat: Chat) -> None:
    page = chat.get(f"{LIST}&sort_desc=date_sent&limit=2").json()
    assert [item["_id"] for item in page["items"]] == [LAST, SECOND]
