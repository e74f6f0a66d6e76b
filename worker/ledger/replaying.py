"""From a dead letter to what replay.lua is told: read and checked like anything that a producer reports."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from receipt_sync import EditMessage, InvalidReceipt, Receipt, validation
from receipt_sync.calls import PARAMETERS, receipt_from_call
from worker.ledger.letters import STRUCK_OUT, DeadLetter

_ACTOR = re.compile(r"[us][0-9]{1,19}|t[0-9a-f]{32}", re.ASCII)
_NAMES = re.compile(r"\*?(?:,[0-9a-f]{24})*", re.ASCII)
_OWED = "*"
_FLAGS = {"r": "read", "d": "delivered"}


class NotReplayableError(ValueError):
    """This letter cannot be replayed; the message says why, and holds nothing private."""


def replay_arguments(letter: DeadLetter, application: str, max_text_bytes: int) -> list[str | int]:
    """The letter's slot and parts, as replay.lua takes them.

    Args:
        letter: what to replay.
        application: in whose ledger it stands.
        max_text_bytes: most bytes of UTF-8 in an edit's text.

    Raises:
        NotReplayableError: it does not hold what could be sent.
    """
    try:
        match letter.kind:
            case "marks":
                return [_slot(letter), *_marks(letter)]
            case "edit":
                return [_slot(letter), *_edit(letter, max_text_bytes)]
            case "call":
                return _recorded(_receipt(letter, application, max_text_bytes), letter)
    except InvalidReceipt as error:
        raise NotReplayableError(f"it holds no receipt: {error}") from error
    raise NotReplayableError("it is no letter that a worker has written")


def _slot(letter: DeadLetter) -> str:
    validation.object_id("dialog_id", letter.dialog_id)
    if not _ACTOR.fullmatch(letter.actor):
        raise NotReplayableError("it names no actor")
    return letter.slot


def _marks(letter: DeadLetter) -> list[str | int]:
    parts: list[tuple[str, str, int, str]] = []
    for flag, name in _FLAGS.items():
        if count := _count(letter, name):
            parts.append((flag, "", count, _names(letter.fields.get(f"{name}_names", ""))))
        listed = letter.fields.get(f"{name}_ids", "")
        # Each by itself: a slot gathers more of them over many calls than one call may list.
        ids = {validation.object_id(f"{name}_ids", id_) for id_ in listed.split(",")} if listed else set()
        parts += [(flag, id_, 1, "") for id_ in sorted(ids)]
    if not parts:
        raise NotReplayableError("it names nothing that could be marked")
    return [each for part in _with_rest(parts, letter.receipts) for each in part]


def _with_rest(parts: Sequence[tuple[str, str, int, str]], receipts: int) -> list[tuple[str, str, int, str]]:
    """A message may have been marked more than once; a letter counts that in its sum alone. The first has the rest."""
    at = next((i for i, part in enumerate(parts) if part[1]), 0)
    flag, id_, count, names = parts[at]
    rest = max(0, receipts - sum(part[2] for part in parts))
    return [*parts[:at], (flag, id_, count + rest, names), *parts[at + 1 :]]


def _names(listed: str) -> str:
    if not _NAMES.fullmatch(listed):
        raise NotReplayableError("the messages that caused its marks cannot be read")
    return listed or _OWED


def _edit(letter: DeadLetter, max_text_bytes: int) -> tuple[int, int, str, str]:
    for id_ in letter.message_ids:
        validation.object_id("message_id", id_)
    text = validation.text(letter.fields.get("text"), max_text_bytes)
    if "revision" not in letter.fields or not letter.receipts:
        raise NotReplayableError("it has no revision or counts no receipt")
    revision = validation.revision(_count(letter, "revision"))
    return letter.receipts, revision, text, letter.actor


def _count(letter: DeadLetter, name: str) -> int:
    value = letter.fields.get(name, "0")
    if not re.fullmatch(r"[0-9]{1,16}", value, re.ASCII):
        raise NotReplayableError(f"its field {name} is no number")
    return int(value)


def _receipt(letter: DeadLetter, application: str, max_text_bytes: int) -> Receipt:
    """The receipt that a refused call asks to record, with the checks that every call has."""
    task, (args, kwargs) = letter.fields["task"], _call(letter)
    named = kwargs.pop("application", application)
    if named != application:
        raise NotReplayableError("it is for another application; record it again there, and drop it here")
    if kwargs.get("token") == STRUCK_OUT:
        raise NotReplayableError("its session token was not kept; record it again where it came from")
    if task not in PARAMETERS:
        raise NotReplayableError("its task is none that records receipts")
    return receipt_from_call(task, args, kwargs, max_text_bytes)


def _call(letter: DeadLetter) -> tuple[list[object], dict[str, object]]:
    if letter.fields.get("cut"):
        raise NotReplayableError("its arguments were not kept whole; record it again where it came from")
    try:
        shown = json.loads(letter.fields.get("arguments", ""))
        args, kwargs = list(shown["args"]), dict(shown["kwargs"])
    except (ValueError, RecursionError, LookupError, TypeError) as error:
        raise NotReplayableError("its arguments cannot be read; record it again where it came from") from error
    return args, kwargs


def _recorded(receipt: Receipt, letter: DeadLetter) -> list[str | int]:
    """As if it had been recorded when it was refused: an edit without a revision must not overtake later ones."""
    if isinstance(receipt, EditMessage):
        _, slot, actor, revision, text, _ = receipt.wire(letter.dead_ms)
        return [slot, 1, revision, text, actor]
    flag, slot, _, up_to, ids, _ = receipt.wire()
    if not ids:
        return [slot, flag, "", 1, f",{up_to}" if up_to else _OWED]
    return [slot, *(each for id_ in ids.split(",") for each in (flag, id_, 1, ""))]
