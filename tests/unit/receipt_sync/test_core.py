"""How receipts are cut into calls: none of them may hold up everyone else's Redis for long."""

from __future__ import annotations

import pytest

from receipt_sync import EditMessage, MarkRead, Receipt
from receipt_sync.core import PER_CALL, Core
from tests.shorthand import dialogs, msg

CORE = Core("default", 65_536, None)
ARGUMENTS = 6
IDS = tuple(msg(number) for number in range(1_000))


def sizes(receipts: list[Receipt]) -> list[int]:
    """How many receipts each call has."""
    calls = CORE.batches(receipts, None)
    wired = [argument for receipt in CORE.wire(receipts) for argument in receipt]
    assert [argument for call in calls for argument in call] == wired, "all, in their order"
    return [len(call) // ARGUMENTS for call in calls]


def marks(count: int, ids: tuple[str, ...] | None = None) -> list[Receipt]:
    return [MarkRead(dialog_id=dialog, user_id=1, message_ids=ids) for dialog in dialogs(count)]


def edits(count: int, characters: int) -> list[Receipt]:
    return [
        EditMessage(dialog_id=dialog, message_id=msg(1), text="x" * characters, user_id=1, revision=1)
        for dialog in dialogs(count)
    ]


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [1]), (PER_CALL, [500]), (PER_CALL + 1, [500, 1]), (1_200, [500, 500, 200])]
)
def test_marks_of_whole_dialogs_are_cut_by_their_number(count: int, expected: list[int]) -> None:
    assert sizes(marks(count)) == expected


def test_nothing_is_no_call() -> None:
    assert CORE.batches([], None) == []


def test_listed_messages_make_smaller_calls() -> None:
    assert sizes(marks(12, IDS)) == [5, 5, 2]


def test_long_texts_make_smaller_calls_and_one_that_is_too_long_for_any_goes_alone() -> None:
    assert sizes(edits(7, 40_000)) == [3, 3, 1]
    big = Core("default", 400_000, None)
    long = EditMessage(
        dialog_id=dialogs(1)[0], message_id=msg(1), text="x" * 300_000, user_id=1, revision=1, max_text_bytes=400_000
    )
    assert [len(call) // ARGUMENTS for call in big.batches([*marks(2), long, *marks(2)], None)] == [2, 1, 2]
