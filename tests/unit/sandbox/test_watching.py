"""What the page is told: everything at first, then only what has changed."""

import json

from sandbox.auth import Account
from sandbox.plays import Plays
from sandbox.records import GROUP, Dialog
from sandbox.service import ChatApi
from sandbox.watching import CALLS_AT_ONCE, DIALOGS_SHOWN, MESSAGES_SHOWN, Watch
from sandbox.world import mark_dialog

JSON = [(b"content-type", b"application/json")]


class Watched:
    """A sandbox in memory, and one watcher."""

    def __init__(self) -> None:
        self.api = ChatApi(Account())
        self.watch = Watch(self.api, Plays())

    def dialog(self, messages: int = 1, people: int = 3) -> Dialog:
        dialog = self.api.world.add_dialog(GROUP, range(1, people + 1), user_id=1, name=None, dialog_id=None)
        for nth in range(messages):
            self.api.world.add_message(dialog, 1, f"message {nth}")
        return dialog

    def put(self, dialog_id: str, path: str = "/chat/Message.json", status: int | None = 200, **fields: str) -> None:
        entry = self.api.journal.arrive("PUT", path, "", JSON)
        entry.body = json.dumps({"chat_dialog_id": dialog_id, **fields}).encode()
        entry.status = status
        self.api.journal.end(entry)


def test_the_first_look_tells_all_and_the_second_nothing() -> None:
    watched = Watched()
    dialog = watched.dialog()
    first = watched.watch.look()
    assert first["order"] == [dialog.id]
    assert first["counts"]["puts"] == 0
    assert first["faults"]["outage"] is False
    assert watched.watch.look() == {}


def test_a_mark_changes_one_dialog_alone() -> None:
    watched = Watched()
    read, _ = watched.dialog(), watched.dialog()
    watched.watch.look()
    mark_dialog(read, 2, read=True, delivered=False)
    changed = watched.watch.look()
    assert list(changed) == ["dialogs"]
    [(id_, shown)] = changed["dialogs"].items()
    [message] = shown["messages"]
    assert (id_, message["read"], message["delivered"], message["of"]) == (read.id, 1, 1, 2)


def test_an_edit_is_told_from_what_was_said() -> None:
    watched = Watched()
    dialog = watched.dialog()
    watched.watch.look()
    watched.api.world.edit(dialog.messages[0], "edited")
    [message] = watched.watch.look()["dialogs"][dialog.id]["messages"]
    assert message["text"] == "edited"
    assert message["edited"] >= dialog.messages[0].created_at


def test_the_latest_messages_are_shown() -> None:
    watched = Watched()
    dialog = watched.dialog(messages=MESSAGES_SHOWN + 3)
    shown = watched.watch.look()["dialogs"][dialog.id]
    assert (len(shown["messages"]), shown["more"]) == (MESSAGES_SHOWN, 3)
    assert shown["messages"][-1]["text"] == f"message {MESSAGES_SHOWN + 2}"


def test_a_call_says_what_it_meant() -> None:
    watched = Watched()
    watched.watch.look()
    watched.put("d" * 24, read="1", delivered="1")
    watched.put("d" * 24, "/chat/Message/a,b.json", status=429, read="1")
    watched.put("d" * 24, "/chat/Message/a.json", status=None, message="secret")
    calls = watched.watch.look()["calls"]
    assert [call["what"] for call in calls] == ["read, delivered, whole dialog", "read, 2 messages", "edit, 1 message"]
    assert [call["status"] for call in calls] == [200, 429, None]


def test_a_call_without_an_end_is_told_when_it_has_one() -> None:
    watched = Watched()
    entry = watched.api.journal.arrive("PUT", "/chat/Message.json", "", [])
    assert "calls" not in watched.watch.look()
    watched.api.journal.end(entry)
    assert [call["seq"] for call in watched.watch.look()["calls"]] == [entry.seq]


def test_a_body_that_cannot_be_read_stops_nothing() -> None:
    watched = Watched()
    entry = watched.api.journal.arrive("PUT", "/chat/Message.json", "", JSON)
    entry.body = b"\xff{"
    watched.api.journal.end(entry)
    assert [call["what"] for call in watched.watch.look()["calls"]] == ["whole dialog"]


def test_of_a_burst_the_newest_are_shown_and_the_others_counted() -> None:
    watched = Watched()
    watched.watch.look()
    for _ in range(CALLS_AT_ONCE + 40):
        watched.put("d" * 24, read="1")
    told = watched.watch.look()
    assert (len(told["calls"]), told["skipped"]) == (CALLS_AT_ONCE, 40)
    assert told["calls"][-1]["seq"] == watched.api.journal.last_seq


def test_a_dialog_in_which_something_happens_takes_the_place_of_the_quietest() -> None:
    watched = Watched()
    hidden = watched.dialog()
    others = [watched.dialog() for _ in range(DIALOGS_SHOWN)]
    assert hidden.id not in watched.watch.look()["order"]
    for _ in range(2 * DIALOGS_SHOWN):
        for other in others[1:]:
            watched.put(other.id, read="1")
        watched.watch.look()
    watched.put(hidden.id, read="1")
    order = watched.watch.look()["order"]
    assert hidden.id in order
    assert others[0].id not in order
    assert len(order) == DIALOGS_SHOWN


def test_a_world_that_was_cleared_is_gone_from_the_page() -> None:
    watched = Watched()
    watched.dialog()
    watched.watch.look()
    watched.api.world.clear()
    assert watched.watch.look()["order"] == []


def test_only_a_put_is_put_into_words() -> None:
    watched = Watched()
    for method, path in [
        ("POST", "/chat/Message.json"),
        ("DELETE", "/chat/Dialog/53a99a7be4b094c7c6d31b41.json"),
        ("GET", "/session.json"),
        ("PUT", "/chat/Dialog/53a99a7be4b094c7c6d31b41.json"),
    ]:
        entry = watched.api.journal.arrive(method, path, "", JSON)
        entry.body = b'{"message": "hello"}'
        watched.api.journal.end(entry)
    assert [call["what"] for call in watched.watch.look()["calls"]] == ["", "", "", "dialog"]
