"""Journal, counts, world, sessions over HTTP, and the client that reads them."""

import json
import socket
from typing import Any

import pytest

from sandbox import client
from sandbox.client import SandboxClient, SandboxError
from sandbox.openapi import document
from tests.integration.sandbox.chat import DIALOG, FIRST, READER, SENDER, WORLD, Chat, by_token


def test_a_call_is_journalled_with_everything_it_said(chat: Chat, sandbox: SandboxClient) -> None:
    chat.call("PUT", f"/chat/Message/{FIRST}.json?a=b%20c", {"chat_dialog_id": DIALOG, "read": "1"})
    [call] = sandbox.journal()
    assert (call.method, call.path, call.query) == ("PUT", f"/chat/Message/{FIRST}.json", "a=b%20c")
    assert call.body == f'{{"chat_dialog_id": "{DIALOG}", "read": "1"}}'
    assert (call.status, call.applied, call.user_id) == (200, True, READER)
    assert (call.headers["on-behalf-of"], call.headers["authorization"]) == (str(READER), "ApiKey sandbox-api-key")
    assert call.ended is not None
    assert call.arrived <= call.ended


def test_a_refused_call_is_journalled_without_a_user_and_unapplied(chat: Chat, sandbox: SandboxClient) -> None:
    chat.put(read=1, who=by_token("unknown"))
    chat.get("/chat/Dialog.json")
    refused, listed = sandbox.journal()
    assert (refused.status, refused.applied, refused.user_id) == (401, False, None)
    assert (listed.status, listed.applied, listed.user_id) == (200, False, READER)


def test_the_client_pages_through_the_journal(
    chat: Chat, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAGE", 3)
    for _ in range(8):
        chat.put(read=1)
    calls = sandbox.journal()
    first = calls[0].seq
    assert [call.seq for call in calls] == list(range(first, first + 8))
    assert sandbox.journal(after=calls[5].seq) == calls[6:]


def answered(connection: socket.socket) -> Any:
    with connection.makefile("rb") as answer:
        return json.loads(answer.read().partition(b"\r\n\r\n")[2])


def test_a_reader_of_the_journal_can_wait_for_the_next_call(chat: Chat, sandbox: SandboxClient) -> None:
    chat.put(read=1)
    [known] = sandbox.journal()
    with chat.asked(f"/_sandbox/journal?after={known.seq}&wait_s=15") as waiting:
        sandbox.health()  # the server has met the waiting reader once it has answered a later call
        chat.put(delivered=1)
        page = answered(waiting)
    assert [item["seq"] for item in page["items"]] == [known.seq + 1] == [page["next"]]


def test_a_reader_can_wait_for_the_first_call_of_a_cleared_journal(chat: Chat, sandbox: SandboxClient) -> None:
    chat.put(read=1)
    sandbox.clear_journal()
    with chat.asked("/_sandbox/journal?wait_s=15") as waiting:
        sandbox.health()  # as above
        chat.put(delivered=1)
        assert len(answered(waiting)["items"]) == 1


def test_a_reader_of_the_counts_can_wait_until_no_call_is_open(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(hang_share=1.0)
    with chat.sent(read=1) as hung:
        sandbox.journal(wait_s=15)
        with chat.asked("/_sandbox/counts?idle_s=15") as waiting:
            sandbox.health()
            hung.close()
            assert answered(waiting)["open"] == 0


@pytest.mark.parametrize("query", ["after=x", "limit=0", "limit=10001", "wait_s=61", "since=1"])
def test_a_wrong_query_of_the_journal_is_refused_by_name(chat: Chat, query: str) -> None:
    answer = chat.get(f"/_sandbox/journal?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [query.partition("=")[0]])


def test_control_calls_are_not_journalled(sandbox: SandboxClient) -> None:
    sandbox.health()
    sandbox.world()
    assert sandbox.journal() == []
    assert sandbox.counts()["calls"] == 0


def test_counts_add_up(chat: Chat, sandbox: SandboxClient) -> None:
    chat.put(read=1)
    chat.put("f" * 24, read=1)
    chat.get("/chat/Dialog.json")
    counts = sandbox.counts()
    assert (counts["calls"], counts["puts"], counts["applied"], counts["open"]) == (3, 2, 1, 0)
    assert counts["by_status"] == {"200": 2, "404": 1}
    assert 1 <= counts["peak_accepted_per_s"] <= counts["peak_per_s"] <= 3
    sandbox.clear_journal()
    assert sandbox.counts()["calls"] == 0


def test_the_world_is_built_in_bulk_and_shown_in_full(sandbox: SandboxClient) -> None:
    sandbox.clear_world()
    dialogs = [{"_id": f"{n:024x}", "type": 2, "occupants_ids": [SENDER, READER]} for n in range(100)]
    messages = [
        {"_id": f"{n:024x}", "chat_dialog_id": f"{n % 100:024x}", "sender_id": SENDER, "message": "m"}
        for n in range(20_000)
    ]
    assert sandbox.build_world(dialogs=dialogs, messages=messages) == {"users": 0, "dialogs": 100, "messages": 20_000}
    world = sandbox.world()
    assert (len(world["dialogs"]), len(world["messages"])) == (100, 20_000)
    assert world["messages"][0]["read_ids"] == [SENDER]
    sandbox.clear_world()
    assert sandbox.world() == {"dialogs": [], "messages": []}


def test_a_wrong_world_is_refused_by_name_with_nothing_added(sandbox: SandboxClient) -> None:
    before = sandbox.world()
    with pytest.raises(SandboxError, match=r"422.*dialogs\.0\._id"):
        sandbox.build_world(dialogs=WORLD["dialogs"][:1])
    with pytest.raises(SandboxError, match=r"422.*messages\.0\.sender_id"):
        sandbox.build_world(messages=[{"_id": "a" * 24, "chat_dialog_id": DIALOG, "message": "m"}])
    assert sandbox.world() == before


def test_a_session_has_the_wanted_token_and_can_be_ended(chat: Chat, sandbox: SandboxClient) -> None:
    assert sandbox.session(READER, "wanted") == "wanted"
    assert chat.put(read=1, who=by_token("wanted")).status_code == 200
    sandbox.expire("wanted")
    assert chat.put(read=1, who=by_token("wanted")).status_code == 401
    with pytest.raises(SandboxError, match="404"):
        sandbox.expire("wanted")


def test_a_message_that_does_not_exist_is_an_error(sandbox: SandboxClient) -> None:
    with pytest.raises(SandboxError, match="404"):
        sandbox.message("f" * 24)


def test_a_path_names_all_methods_that_it_knows(chat: Chat) -> None:
    for path, allowed in (("faults", "DELETE, GET, HEAD, PUT"), ("plays", "GET, HEAD, POST, PUT")):
        refused = chat.call("PATCH", f"/_sandbox/{path}")
        assert refused.status_code == 405
        assert ", ".join(sorted(refused.headers["Allow"].split(", "))) == allowed


def test_the_description_is_served(chat: Chat) -> None:
    assert chat.get("/_sandbox/openapi.json").json() == document()
