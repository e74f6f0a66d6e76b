"""What every foreign client sends in the tests, and what must become of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from receipt_sync.calls import DELIVERED, EDIT, READ
from tests.running import System, until

USER = 123
TEXT = "héllo, “world” 🎉\n\tend"
Calls = list[dict[str, Any]]
_D = "53a99a7be4b094c7c6d31b41"
# What a client can get wrong, and how the reason of its dead letter begins.
WRONG: dict[str, tuple[dict[str, Any], str | tuple[str, ...]]] = {
    "a missing argument": ({"task": READ, "kwargs": {"user_id": USER}}, "invalid: dialog_id: expected a value"),
    "nobody who acts": ({"task": READ, "kwargs": {"dialog_id": _D}}, "invalid: user_id: expected a user_id, a token"),
    "a wrong type": (
        {"task": READ, "kwargs": {"dialog_id": _D, "user_id": "123"}},
        "invalid: user_id: expected an integer from 1 to",
    ),
    "a field too many": (
        {"task": DELIVERED, "kwargs": {"dialog_id": _D, "user_id": USER, "read": 1}},
        "invalid: argument: expected one of dialog_id",
    ),
    "args instead of kwargs": (
        {"task": READ, "args": [_D, USER]},
        "invalid: arguments: expected at most 1 without a name",
    ),
    "kwargs within args": (
        {"task": READ, "args": [{"dialog_id": _D, "user_id": USER}]},
        "invalid: dialog_id: expected 24 lower-case hex digits, got dict",
    ),
    "a text too long": (
        {"task": EDIT, "kwargs": {"dialog_id": _D, "message_id": _D, "text": "x" * 70_000, "user_id": USER}},
        "invalid: text: expected at most 65536 bytes of UTF-8",
    ),
    "huge": (
        {"task": EDIT, "kwargs": {"dialog_id": _D, "message_id": _D, "text": "x" * 2_000_000, "user_id": USER}},
        # On Redis it is not looked into; other brokers hand it over.
        ("refused: 2", "invalid: text: expected at most 65536 bytes of UTF-8, got 2000000"),
    ),
    "a task that nobody knows": ({"task": "receipts.mark_dialog_seen", "args": [_D]}, "refused: unknown task"),
}


def start_with_users(directory: Path) -> System:
    """A system without a worker, the Redis of which has the users that we document: clients come as `sender`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_REDIS_ACL", "1")
        return System(directory, {"RECEIPTS_LOG_LEVEL": "INFO"})


def sent_and_seen(system: System, send: Callable[[Calls], list[str]], number: int) -> None:
    """Sends right and wrong calls and looks at the chat API and at the dead letters.

    Args:
        system: with a worker.
        send: the client: takes calls, answers the tasks' ids.
        number: of a dialog that nobody has used.
    """
    letters = len(system.dead_letters())
    dialog_id, [first, second] = system.dialog(number, users=(USER, 7), messages=2)
    mark = {"dialog_id": dialog_id, "user_id": 7}
    right: Calls = [
        {"task": READ, "kwargs": {**mark, "up_to": second, "token": None}},
        {"task": DELIVERED, "args": [dialog_id], "kwargs": {"user_id": USER, "application": "default"}},
        {
            "task": EDIT,
            "kwargs": {"dialog_id": dialog_id, "message_id": first, "text": TEXT, "user_id": USER, "revision": 7},
        },
    ]
    ids = send([*right, *(call for call, _ in WRONG.values())])
    assert len({UUID(id_) for id_ in ids}) == len(right) + len(WRONG), ids

    def puts() -> set[tuple[str, int | None]]:
        return {(put.path, put.user_id) for put in system.puts() if dialog_id in put.body and put.status == 200}

    both, edited = "/chat/Message.json", f"/chat/Message/{first}.json"
    until(lambda: puts() == {(both, 7), (both, USER), (edited, USER)}, "a PUT for each right call")
    assert system.api.message(first)["message"] == TEXT
    until(lambda: len(system.dead_letters()) == letters + len(WRONG), "a dead letter for each wrong call")
    reasons = [letter["reason"] for letter in system.dead_letters()[letters:]]
    for name, (_, reason) in WRONG.items():
        assert any(each.startswith(reason) for each in reasons), (name, reasons)
