"""Every documented error body, and that a refused call has changed nothing."""

from typing import Any

import pytest

from sandbox.client import SandboxClient
from tests.integration.sandbox.chat import (
    DIALOG,
    FIRST,
    FOREIGN,
    FOREIGN_DIALOG,
    OTHER,
    READER,
    SENDER,
    STRANGER,
    UNKNOWN,
    Chat,
    by_key,
    by_token,
)
from tests.integration.sandbox.test_neighbours import signed

NO_SESSION = {"errors": {"base": ["Required session does not exist"]}}
UNAUTHORIZED = {"errors": ["Unauthorized"]}
FORBIDDEN = {"errors": ["You don't have appropriate permissions to perform this operation"]}
NOT_FOUND = {"errors": ["The resource wasn't found"]}
NEED_USER = {"errors": {"base": ["Forbidden. Need user."]}}
BAD_REQUEST = {"errors": ["Bad request"]}


@pytest.fixture(autouse=True)
def _refusals_change_nothing(sandbox: SandboxClient) -> Any:
    before = sandbox.world()
    yield
    assert sandbox.world() == before
    assert not any(call.applied for call in sandbox.journal() if call.path.startswith("/chat/"))


def told(answer: Any) -> tuple[int, Any]:
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["X-Request-Id"]
    return answer.status_code, answer.json()


def refusal(field: str, complaint: str) -> tuple[int, Any]:
    return 422, {"errors": {field: [complaint]}}


def test_400_for_a_body_that_cannot_be_read(chat: Chat) -> None:
    assert told(chat.call("PUT", f"/chat/Message/{FIRST}.json", raw=b"{")) == (400, BAD_REQUEST)
    assert told(chat.call("PUT", "/chat/Message.json", raw=b"[]")) == (400, BAD_REQUEST)


def test_401_for_a_token_that_is_unknown_expired_or_destroyed(chat: Chat, sandbox: SandboxClient) -> None:
    destroyed = sandbox.session(READER)
    sandbox.expire(destroyed)
    expired = sandbox.session(READER, expires_in_s=0)
    for token in ("unknown", destroyed, expired):
        answer = chat.put(FIRST, who=by_token(token), read=1)
        assert told(answer) == (401, NO_SESSION)
        assert "QB-Token-ExpirationDate" not in answer.headers


def test_401_without_credentials(chat: Chat) -> None:
    assert told(chat.put(FIRST, who={}, read=1)) == (401, NO_SESSION)


def test_401_for_a_wrong_api_key(chat: Chat) -> None:
    assert told(chat.put(FIRST, who=by_key(READER, key="wrong"), read=1)) == (401, UNAUTHORIZED)


def test_401_for_a_bad_login(chat: Chat) -> None:
    chat.call("POST", "/session.json", signed(user={"login": "eve", "password": "right"}), who={})
    answer = chat.call("POST", "/session.json", signed(user={"login": "eve", "password": "wrong"}), who={})
    assert told(answer) == (401, UNAUTHORIZED)


def test_403_for_a_dialog_of_others(chat: Chat) -> None:
    assert told(chat.put(read=1, who=by_key(STRANGER))) == (403, FORBIDDEN)
    assert told(chat.put(chat_dialog_id=FOREIGN_DIALOG, read=1)) == (403, FORBIDDEN)
    assert told(chat.get(f"/chat/Message/{FOREIGN}.json")) == (403, FORBIDDEN)
    assert told(chat.get(f"/chat/Dialog/{FOREIGN_DIALOG}.json")) == (403, FORBIDDEN)


def test_403_for_an_edit_by_anyone_but_the_sender_marks_included(chat: Chat) -> None:
    assert told(chat.put(FIRST, message="not mine", read=1)) == (403, FORBIDDEN)


def test_404_for_what_does_not_exist(chat: Chat) -> None:
    assert told(chat.put(UNKNOWN, read=1)) == (404, NOT_FOUND)
    assert told(chat.put(FOREIGN, read=1)) == (404, NOT_FOUND)
    assert told(chat.put(chat_dialog_id=UNKNOWN, read=1)) == (404, NOT_FOUND)
    assert told(chat.get(f"/chat/Message/{UNKNOWN}.json")) == (404, NOT_FOUND)
    assert told(chat.get(f"/chat/Dialog/{UNKNOWN}.json")) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"/chat/Message/{FIRST}"),
        ("PATCH", "/chat/Messages.json"),
        ("GET", "/"),
        ("DELETE", "/chat/Dialog"),
        ("GET", "/chat/a%0Ab"),
    ],
)
def test_404_for_what_is_not_imitated(chat: Chat, method: str, path: str) -> None:
    assert told(chat.call(method, path)) == (404, NOT_FOUND)


@pytest.mark.parametrize("kind", ["Message", "Dialog"])
def test_422_for_a_force_that_is_no_flag_whatever_it_is_for(chat: Chat, kind: str) -> None:
    for ids in (UNKNOWN, f"{UNKNOWN},{'e' * 24}"):
        assert told(chat.call("DELETE", f"/chat/{kind}/{ids}.json?force=0.5")) == refusal("force", "must be 1")


@pytest.mark.parametrize("sent", [-1, "-1", 2**63, True, 1.5, "soon", []])
def test_422_for_a_date_that_is_no_unix_second(chat: Chat, sent: object) -> None:
    body = {"chat_dialog_id": DIALOG, "message": "m", "date_sent": sent}
    assert told(chat.call("POST", "/chat/Message.json", body)) == refusal("date_sent", "must be a unix time in seconds")


def test_422_for_a_dialog_that_is_named_by_no_text_has_two_others_or_is_not_changed(chat: Chat) -> None:
    path = f"/chat/Dialog/{DIALOG}.json"
    assert told(chat.call("POST", "/chat/Dialog.json", {"type": 2, "name": 5})) == refusal("name", "must be a text")
    private = {"type": 3, "occupants_ids": [OTHER, OTHER]}
    assert told(chat.call("POST", "/chat/Dialog.json", private)) == refusal("occupants_ids", "must name one other user")
    assert told(chat.call("PUT", path, {"name": {}})) == refusal("name", "must be a text")
    assert told(chat.call("PUT", path)) == refusal("base", "nothing to change")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/chat/Message.json", "GET, POST, PUT"),
        ("DELETE", "/chat/Message/unread.json", "GET"),
        ("POST", f"/chat/Dialog/{UNKNOWN}.json", "DELETE, GET, PUT"),
        ("PUT", "/session.json", "DELETE, GET, POST"),
    ],
)
def test_405_names_what_a_path_knows_whoever_asks(chat: Chat, method: str, path: str, allowed: str) -> None:
    refused = chat.call(method, path, who={})
    assert told(refused) == (405, {"errors": ["Method not allowed"]})
    assert refused.headers["Allow"] == allowed


def test_404_of_the_users_api_when_users_are_not_created(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(unknown_users="reject")
    status, body = told(chat.put(read=1, who=by_key(424242)))
    assert (status, body["code"], type(body["message"])) == (404, None, str)
    assert chat.get("/chat/Dialog.json").status_code == 200


def test_422_for_a_session_without_a_user_and_a_key_on_nobodys_behalf(chat: Chat) -> None:
    token = chat.call("POST", "/session.json", signed(), who={}).json()["session"]["token"]
    answer = chat.put(FIRST, who=by_token(token), read=1)
    assert told(answer) == (422, NEED_USER)
    assert "QB-Token-ExpirationDate" in answer.headers
    key_alone = {"Authorization": by_key()["Authorization"]}
    assert told(chat.put(FIRST, who=key_alone, read=1)) == (422, NEED_USER)


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("/chat/Message.json", {"read": 1}, "chat_dialog_id"),
        ("/chat/Message.json", {"read": 1, "chat_dialog_id": "x"}, "chat_dialog_id"),
        ("/chat/Message.json", {"read": 1, "chat_dialog_id": 5}, "chat_dialog_id"),
        (f"/chat/Message/{FIRST}.json", {"read": 1}, "chat_dialog_id"),
        ("/chat/Message/x.json", {"read": 1, "chat_dialog_id": DIALOG}, "_id"),
        ("/chat/Message/.json", {"read": 1, "chat_dialog_id": DIALOG}, "_id"),
        (f"/chat/Message/{FIRST},.json", {"read": 1, "chat_dialog_id": DIALOG}, "_id"),
        (f"/chat/Message/{FIRST}.json", {"read": True, "chat_dialog_id": DIALOG}, "read"),
        (f"/chat/Message/{FIRST}.json", {"delivered": "yes", "chat_dialog_id": DIALOG}, "delivered"),
        (f"/chat/Message/{FIRST}.json", {"message": 5, "chat_dialog_id": DIALOG}, "message"),
        ("/chat/Message.json", {"message": "stray", "read": 1, "chat_dialog_id": DIALOG}, "message"),
        (f"/chat/Message/{FIRST},{FIRST[:-1]}1.json", {"message": "stray", "chat_dialog_id": DIALOG}, "message"),
    ],
)
def test_422_names_the_field(chat: Chat, path: str, fields: dict[str, object], field: str) -> None:
    status, body = told(chat.call("PUT", path, fields, who=by_key(SENDER)))
    assert status == 422
    assert list(body["errors"]) == [field]
    assert isinstance(body["errors"][field], list)


@pytest.mark.parametrize("name", ["", "x", "0", "-1", "9223372036854775808"])
def test_422_for_a_user_id_that_is_none(chat: Chat, name: str) -> None:
    status, body = told(chat.put(read=1, who=by_key() | {"On-Behalf-Of": name}))
    assert (status, list(body["errors"])) == (422, ["On-Behalf-Of"])


def test_422_for_a_wrong_signature(chat: Chat) -> None:
    answer = chat.call("POST", "/session.json", signed() | {"signature": "0" * 40}, who={})
    assert told(answer) == (422, {"errors": {"base": ["Unexpected signature"]}})


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("/chat/Message.json", {"chat_dialog_id": DIALOG}, "message"),
        ("/chat/Message.json", {"message": "hi"}, "chat_dialog_id"),
        ("/chat/Message.json", {"chat_dialog_id": DIALOG, "message": "hi", "date_sent": "soon"}, "date_sent"),
        ("/chat/Dialog.json", {"occupants_ids": [SENDER]}, "type"),
        ("/chat/Dialog.json", {"type": 2, "occupants_ids": ["x"]}, "occupants_ids"),
        ("/chat/Dialog.json", {"type": 3, "occupants_ids": []}, "occupants_ids"),
    ],
)
def test_422_for_what_cannot_be_created(chat: Chat, path: str, fields: dict[str, object], field: str) -> None:
    status, body = told(chat.call("POST", path, fields))
    assert (status, list(body["errors"])) == (422, [field])


def test_422_for_a_listing_of_nothing(chat: Chat) -> None:
    assert told(chat.get("/chat/Message.json"))[0] == 422
    assert told(chat.get(f"/chat/Message.json?chat_dialog_id={DIALOG}&limit=x"))[0] == 422
