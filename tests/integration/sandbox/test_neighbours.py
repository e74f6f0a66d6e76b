"""The calls beside the PUTs: listing, creating, counting, sessions."""

import itertools
import re
import time

import pytest

from sandbox.auth import signature
from sandbox.client import SandboxClient
from tests.integration.sandbox.chat import (
    DIALOG,
    FIRST,
    FOREIGN_DIALOG,
    LAST,
    OTHER,
    READER,
    SECOND,
    SENDER,
    Chat,
    by_key,
    by_token,
)

LIST = f"/chat/Message.json?chat_dialog_id={DIALOG}"


def test_listing_goes_by_date_sent_and_marks_as_read(chat: Chat, sandbox: SandboxClient) -> None:
    page = chat.get(LIST).json()
    assert (page["skip"], page["limit"]) == (0, 100)
    assert [item["_id"] for item in page["items"]] == [FIRST, SECOND, LAST]
    assert READER in sandbox.message(LAST)["read_ids"]


def test_listing_marks_nothing_with_mark_as_read_0(chat: Chat, sandbox: SandboxClient) -> None:
    chat.get(f"{LIST}&mark_as_read=0")
    assert sandbox.message(FIRST)["read_ids"] == [SENDER]


def test_a_page_of_a_listing_marks_only_what_it_shows(chat: Chat, sandbox: SandboxClient) -> None:
    page = chat.get(f"{LIST}&skip=1&limit=1").json()
    assert [item["_id"] for item in page["items"]] == [SECOND]
    assert [READER in sandbox.message(one)["read_ids"] for one in (FIRST, SECOND, LAST)] == [False, True, False]


def test_one_message_shows_all_documented_fields(chat: Chat) -> None:
    shown = chat.get(f"/chat/Message/{FIRST}.json").json()
    assert set(shown) == {
        "_id", "chat_dialog_id", "message", "date_sent", "created_at", "updated_at", "sender_id", "recipient_id",
        "read_ids", "delivered_ids", "read", "attachments",
    }  # fmt: skip
    assert (shown["_id"], shown["read_ids"], shown["delivered_ids"]) == (FIRST, [SENDER], [SENDER])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown["updated_at"])


@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
def test_a_created_message_is_the_dialogs_last(chat: Chat, sandbox: SandboxClient, *, form: bool) -> None:
    answer = chat.call("POST", "/chat/Message.json", {"chat_dialog_id": DIALOG, "message": "hello"}, form=form)
    assert answer.status_code == 201
    created = answer.json()
    assert (created["sender_id"], created["read_ids"], created["message"]) == (READER, [READER], "hello")
    assert sandbox.message(created["_id"]) == created
    dialog = chat.get(f"/chat/Dialog/{DIALOG}.json").json()
    assert (dialog["last_message_id"], dialog["unread_messages_count"]) == (created["_id"], 3)


def test_dialogs_are_listed_for_the_caller_alone(chat: Chat) -> None:
    page = chat.get("/chat/Dialog.json").json()
    assert (page["total_entries"], page["skip"], [item["_id"] for item in page["items"]]) == (1, 0, [DIALOG])
    page = chat.get("/chat/Dialog.json?limit=1", who=by_key(OTHER)).json()
    assert (page["total_entries"], page["limit"], [item["_id"] for item in page["items"]]) == (2, 1, [FOREIGN_DIALOG])


def test_unread_without_ids_is_the_total_of_all_dialogs(chat: Chat) -> None:
    assert chat.get("/chat/Message/unread.json").json() == {"total": 3}
    assert chat.get("/chat/Message/unread.json", who=by_key(SENDER)).json() == {"total": 1}


def test_a_created_dialog_belongs_to_its_creator(chat: Chat) -> None:
    answer = chat.call("POST", "/chat/Dialog.json", {"type": 2, "name": "new", "occupants_ids": [OTHER]})
    assert answer.status_code == 201
    created = answer.json()
    assert (created["user_id"], created["occupants_ids"], created["type"]) == (READER, [READER, OTHER], 2)
    form = chat.call("POST", "/chat/Dialog.json", {"type": "3", "occupants_ids": str(OTHER)}, form=True)
    assert form.json()["occupants_ids"] == [READER, OTHER]


NONCES = itertools.count(1)


def signed(**fields: object) -> dict[str, object]:
    now = {"timestamp": int(time.time()), "nonce": next(NONCES)}
    request = {"application_id": 1, "auth_key": "sandbox-auth-key"} | now | fields
    return request | {"signature": signature("sandbox-auth-secret", request)}


def test_a_signed_request_opens_a_user_session_that_works(chat: Chat, sandbox: SandboxClient) -> None:
    answer = chat.call("POST", "/session.json", signed(user={"login": "ann", "password": "secret"}), who={})
    assert answer.status_code == 201
    session = answer.json()["session"]
    assert set(session) == {
        "_id", "id", "application_id", "user_id", "nonce", "token", "ts", "created_at", "updated_at",
    }  # fmt: skip
    listed = chat.get("/chat/Dialog.json", who=by_token(session["token"]))
    assert listed.status_code == 200
    assert sandbox.journal()[-1].user_id == session["user_id"]


def test_a_form_opens_the_same_users_session(chat: Chat) -> None:
    first = chat.call("POST", "/session.json", signed(user={"email": "b@c.de", "password": "p"}), who={})
    form = signed(**{"user[email]": "b@c.de", "user[password]": "p"})
    second = chat.call("POST", "/session.json", form, who={}, form=True)
    assert second.status_code == 201
    assert second.json()["session"]["user_id"] == first.json()["session"]["user_id"]


def test_a_user_logs_in_by_the_seeded_name_and_password(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.build_world(logins=[{"user_id": READER, "login": "reader", "password": "right"}])
    right = chat.call("POST", "/session.json", signed(user={"login": "reader", "password": "right"}), who={})
    assert right.json()["session"]["user_id"] == READER
    wrong = chat.call("POST", "/session.json", signed(user={"login": "reader", "password": "wrong"}), who={})
    assert wrong.status_code == 401


def test_sessions_live_as_long_as_is_wanted(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(session_lifetime_s=0)
    answer = chat.call("POST", "/session.json", signed(user={"login": "ann", "password": "secret"}), who={})
    assert chat.put(who=by_token(answer.json()["session"]["token"]), read=1).status_code == 401


def test_token_calls_tell_the_sessions_end_and_key_calls_do_not(chat: Chat, sandbox: SandboxClient) -> None:
    token = by_token(sandbox.session(READER))
    shape = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    assert re.fullmatch(shape, chat.put(who=token, read=1).headers["QB-Token-ExpirationDate"])
    assert re.fullmatch(shape, chat.put(UNKNOWN_ID, who=token, read=1).headers["QB-Token-ExpirationDate"])
    assert "QB-Token-ExpirationDate" not in chat.put(read=1).headers


UNKNOWN_ID = "e" * 24


def test_users_named_for_the_first_time_are_created(chat: Chat) -> None:
    assert chat.get("/chat/Dialog.json", who=by_key(77)).json()["items"] == []
