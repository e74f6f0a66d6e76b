"""Calls by name: from a task's name and arguments to a receipt. The broker's door, and every other that is not Python.

The names and their arguments are a contract (docs/contract.md): they are what `send_task` is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from receipt_sync.errors import InvalidReceipt, shown_name
from receipt_sync.receipts import EditMessage, MarkDelivered, MarkRead, Receipt

READ = "receipts.mark_dialog_read"
DELIVERED = "receipts.mark_dialog_delivered"
EDIT = "receipts.edit_message"

_MARK = ("dialog_id", "user_id", "token", "message_ids", "up_to")
_EDIT = ("dialog_id", "message_id", "text", "user_id", "token", "revision")
_REQUIRED = {READ: _MARK[:1], DELIVERED: _MARK[:1], EDIT: _EDIT[:3]}
POSITIONAL: Mapping[str, int] = {READ: 1, DELIVERED: 1, EDIT: 3}
PARAMETERS: Mapping[str, tuple[str, ...]] = {READ: _MARK, DELIVERED: _MARK, EDIT: _EDIT}


def receipt_from_call(name: str, args: Sequence[object], kwargs: Mapping[str, object], max_text_bytes: int) -> Receipt:
    """The receipt that a call asks to record.

    Args:
        name: `receipts.mark_dialog_read`, `receipts.mark_dialog_delivered` or `receipts.edit_message`.
        args: positional arguments: the ids, and an edit's text.
        kwargs: arguments by name, as `ReceiptQueue`'s methods take them.
        max_text_bytes: most bytes of UTF-8 that an edit's text may take.

    Raises:
        InvalidReceipt: an argument is missing, unknown, given twice or wrong.
    """
    given: dict[str, Any] = _by_name(name, args, kwargs)
    if name == EDIT:
        return EditMessage(**given, max_text_bytes=max_text_bytes)
    return (MarkRead if name == READ else MarkDelivered)(**given)


def refuse_unknown(arguments: Mapping[str, object], known: Sequence[str]) -> None:
    """Raises InvalidReceipt for the first argument that is not known."""
    for argument in arguments:
        if argument not in known:
            raise InvalidReceipt("argument", shown_name(argument), f"one of {', '.join(known)}")


def _by_name(name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> dict[str, object]:
    parameters = PARAMETERS[name]
    refuse_unknown(kwargs, parameters)
    if len(args) > POSITIONAL[name]:
        raise InvalidReceipt("arguments", f"{len(args)} without a name", f"at most {POSITIONAL[name]} without a name")
    given = dict(zip(parameters, args, strict=False))
    for twice in given.keys() & kwargs.keys():
        raise InvalidReceipt(twice, "it twice", "it once")
    given.update(kwargs)
    for missing in (parameter for parameter in _REQUIRED[name] if parameter not in given):
        raise InvalidReceipt(missing, "nothing", "a value")
    return given
