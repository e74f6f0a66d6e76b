"""A session is looked at, changes its user, and ends."""

from sandbox.client import SandboxClient
from tests.integration.sandbox.chat import READER, Chat, by_key, by_token
from tests.integration.sandbox.test_neighbours import signed

NEED_USER = {"errors": {"base": ["Forbidden. Need user."]}}


def test_a_session_shows_itself(chat: Chat) -> None:
    opened = chat.call("POST", "/session.json", signed(user={"login": "ann", "password": "secret"}), who={}).json()
    shown = chat.get("/session.json", who=by_token(opened["session"]["token"]))
    assert (shown.status_code, shown.json()) == (200, opened)
    assert "QB-Token-ExpirationDate" in shown.headers


def test_a_destroyed_session_is_refused(chat: Chat, sandbox: SandboxClient) -> None:
    token = by_token(sandbox.session(READER))
    assert chat.call("DELETE", "/session.json", who=token).status_code == 200
    assert chat.get("/chat/Dialog.json", who=token).status_code == 401


def test_a_user_logs_into_a_session_and_out_of_it(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.build_world(logins=[{"user_id": READER, "login": "reader", "password": "right"}])
    token = by_token(chat.call("POST", "/session.json", signed(), who={}).json()["session"]["token"])
    wrong = chat.call("POST", "/login.json", {"login": "reader", "password": "wrong"}, who=token)
    assert (wrong.status_code, wrong.json()) == (401, {"errors": ["Unauthorized"]})
    right = chat.call("POST", "/login.json", {"login": "reader", "password": "right"}, who=token, form=True)
    assert (right.status_code, right.json()) == (202, {"user": {"id": READER, "login": "reader"}})
    assert chat.get("/chat/Dialog.json", who=token).json()["total_entries"] == 1
    assert chat.call("DELETE", "/login.json", who=token).status_code == 200
    assert chat.get("/chat/Dialog.json", who=token).json() == NEED_USER


def test_an_api_key_has_no_session(chat: Chat) -> None:
    for method, path in [("GET", "/session.json"), ("DELETE", "/session.json"), ("POST", "/login.json")]:
        assert chat.call(method, path, who=by_key()).status_code == 401
