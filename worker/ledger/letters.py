"""Dead letters as values: what an entry of `rs:{app}:dead` says, whoever has written it (docs/contract.md).

Nothing here raises: an entry of another hand is shown as far as it can be read, and cannot be replayed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from worker.ledger.entries import text_of, whole

STRUCK_OUT = "(secret)"
"""What stands in the arguments of a refused call for a token, or for what may be one."""
PRIVATE = ("text", "words", "arguments")
"""Fields that are shown for one letter alone, and only when it is asked for."""

Kind = Literal["marks", "edit", "call", "unknown"]
_KINDS: Mapping[str, Kind] = {"m": "marks", "e": "edit"}
_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter; `None`, 0 or `""` where the entry does not say, or not understandably.

    Attributes:
        id: of the stream's entry; ids rise with time.
        kind: marks or an edit of a slot, a call that never became a receipt, or what no worker has written.
        receipts: how many it stands for.
        reason: why they are dead.
        dead_ms: since when, Redis' clock.
        recorded_ms: when the oldest of them was recorded.
        status: of the API's answer.
        words: the API's own; private.
        request_id: of the API's answer.
        attempts: PUTs in a row that failed, the last one included.
        crashes: workers in a row that died of it.
        slot: its slot.
        dialog_id: of its slot, or of the call.
        actor: whom the PUT was sent for (receipt_sync/actors.py).
        message_ids: those that it is about, and those that caused a mark.
        fields: everything that the entry holds; private.
    """

    id: str
    kind: Kind
    receipts: int
    reason: str
    dead_ms: int
    recorded_ms: int | None
    status: int | None
    words: str = field(repr=False)
    request_id: str
    attempts: int
    crashes: int
    slot: str
    dialog_id: str
    actor: str
    message_ids: tuple[str, ...]
    fields: Mapping[str, str] = field(repr=False)

    @property
    def needs_token(self) -> bool:
        """Whether a session acted: its token was never stored, so a replay waits until a later receipt brings one."""
        return self.actor[:1] in {"s", "t"}


def parse_letter(entry_id: bytes, entry: Mapping[bytes, bytes]) -> DeadLetter:
    """One entry of the stream, as redis-py reads it."""
    id_ = text_of(entry_id)
    fields = {text_of(name): text_of(value) for name, value in entry.items()}
    kind, slot = _kind(fields), fields.get("slot", "")
    call = call_arguments(fields) if kind == "call" else {}
    of_slot = slot.split(":") if kind in {"marks", "edit"} else ["", "", ""]
    return DeadLetter(
        id=id_,
        kind=kind,
        receipts=whole(fields.get("receipts")) or 0,
        reason=fields.get("reason", ""),
        dead_ms=whole(fields.get("dead_ms")) or whole(id_.partition("-")[0]) or 0,
        recorded_ms=whole(fields.get("recorded_ms")),
        status=whole(fields.get("status")),
        words=fields.get("words", ""),
        request_id=fields.get("request_id", ""),
        attempts=whole(fields.get("attempts")) or 0,
        crashes=whole(fields.get("crashes")) or 0,
        slot=slot,
        dialog_id=of_slot[1] or _plain(call.get("dialog_id")),
        actor=fields.get("actor", "") if kind == "edit" else of_slot[2],
        message_ids=_message_ids(kind, fields, of_slot[2], call),
        fields=fields,
    )


def call_arguments(fields: Mapping[str, str]) -> dict[str, Any]:
    """The arguments by name of a call that never became a receipt, as far as they can be read."""
    try:
        shown = json.loads(fields.get("arguments", ""))
    except (ValueError, RecursionError):
        return {}
    args, kwargs = (shown.get("args"), shown.get("kwargs")) if isinstance(shown, dict) else (None, None)
    names = ("dialog_id", "message_id") if fields.get("task", "").endswith("edit_message") else ("dialog_id",)
    given = dict(zip(names, args, strict=False)) if isinstance(args, list) else {}
    return {**given, **(kwargs if isinstance(kwargs, dict) else {})}


def _kind(fields: Mapping[str, str]) -> Kind:
    if "task" in fields:
        return "call"
    parts = fields.get("slot", "").split(":")
    return _KINDS.get(parts[0], "unknown") if len(parts) == 3 else "unknown"  # noqa: PLR2004 - kind, dialog, last


def _message_ids(kind: Kind, fields: Mapping[str, str], last: str, call: Mapping[str, Any]) -> tuple[str, ...]:
    if kind == "edit":
        return (last,)
    if kind == "call":
        listed = call.get("message_ids")
        found = [call.get("message_id"), call.get("up_to"), *(listed if isinstance(listed, list) else [])]
        return tuple(filter(None, map(_plain, found)))
    names: Sequence[str] = ("read_ids", "delivered_ids", "read_names", "delivered_names") if kind == "marks" else ()
    return tuple(dict.fromkeys(id_ for name in names for id_ in _ID.findall(fields.get(name, ""))))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else ""
