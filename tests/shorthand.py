"""Receipts in short, for tests of the ledger: one dialog, one user, one edited message."""

from __future__ import annotations

from receipt_sync import EditMessage, MarkDelivered, MarkRead, keys

DIALOG, USER = "d" * 24, 123
MARKS = keys.mark_slot(DIALOG, f"u{USER}")
EDITS = keys.edit_slot(DIALOG, f"{1:024x}")


def msg(n: int) -> str:
    """The n-th message."""
    return f"{n:024x}"


def read(*ids: int, up_to: int | None = None, dialog: str = DIALOG, token: str | None = None) -> MarkRead:
    """A read receipt: of the whole dialog, or of messages."""
    named = None if up_to is None else msg(up_to)
    return MarkRead(dialog_id=dialog, user_id=USER, token=token, message_ids=[msg(n) for n in ids] or None, up_to=named)


def delivered(*ids: int, up_to: int | None = None) -> MarkDelivered:
    """A delivered receipt."""
    named = None if up_to is None else msg(up_to)
    return MarkDelivered(dialog_id=DIALOG, user_id=USER, message_ids=[msg(n) for n in ids] or None, up_to=named)


def edit(text: str, revision: int, token: str | None = None) -> EditMessage:
    """An edit of the first message."""
    return EditMessage(dialog_id=DIALOG, message_id=msg(1), text=text, revision=revision, user_id=USER, token=token)


def dialogs(count: int) -> list[str]:
    """So many dialogs."""
    return [f"{n:024x}" for n in range(1, count + 1)]
