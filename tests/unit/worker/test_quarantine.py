from __future__ import annotations

import json

import pytest

from receipt_sync.calls import EDIT, READ
from worker.quarantine import _task_of, shown_arguments

TOKEN = "a-session-token"


def test_a_token_and_what_may_be_one_is_struck_out() -> None:
    shown = shown_arguments(READ, ["d", TOKEN], {"token": TOKEN, "tokne": TOKEN, "user_id": 1})
    assert TOKEN not in shown.text
    assert json.loads(shown.text) == {
        "args": ["d", "(secret)"],
        "kwargs": {"token": "(secret)", "tokne": "(secret)", "user_id": 1},
    }
    assert not shown.cut


def test_arguments_that_are_too_long_are_said_to_be_cut() -> None:
    whole = shown_arguments(EDIT, ["d", "m", "x" * 65_000], {})
    cut = shown_arguments(EDIT, ["d", "m", "x" * 66_000], {})
    assert (whole.cut, cut.cut) == (False, True)
    assert len(cut.text) == 65_536


def test_what_are_no_arguments_is_not_kept() -> None:
    assert shown_arguments(READ, TOKEN, {}) == ("{}", True)
    assert shown_arguments(READ, [], [TOKEN]) == ("{}", True)


@pytest.mark.parametrize(
    "item",
    [
        b"",
        b"\xff",
        b"[]",
        b"5",
        b"{",
        b"[" * 100_000,
        b"{}",
        b'{"headers": []}',
        b'{"headers": {"id": "1"}}',
        b" " * 16_777_217,
    ],
)
def test_what_names_no_task_has_none(item: bytes) -> None:
    assert _task_of(item) is None


def test_a_task_is_recognised_in_whatever_names_one() -> None:
    assert _task_of(json.dumps({"headers": {"task": READ}, "body": "x" * 2_000_000}).encode()) == READ
