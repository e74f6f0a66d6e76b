"""Which slots the calls that the sandbox saw were for, and which calls were for none. Pure."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sandbox.client import Call
from traffic.waits import Accepted, accepted_put, is_accepted

_DIALOG = "chat_dialog_id"
_EDIT_PATH = re.compile(r"/chat/Message/([0-9a-f]{24})\.json")


class Slot(NamedTuple):
    """Where receipts gather that one PUT can carry: `whose` is a user's id of marks, a message's id of edits."""

    kind: Literal["mark", "edit"]
    dialog: str
    whose: str

    def __str__(self) -> str:
        return f"dialog {self.dialog}, {'user' if self.kind == 'mark' else 'message'} {self.whose}"


@dataclass(frozen=True, slots=True)
class Put:
    """A PUT for a slot.

    Attributes:
        slot: Whose.
        arrived_s: Unix seconds.
        ended_s: Unix seconds; None while it is open.
        status: What was answered; None if nothing was.
        accepted: What it said, if the API accepted it.
    """

    slot: Slot
    arrived_s: float
    ended_s: float | None
    status: int | None
    accepted: Accepted | None


def read_calls(calls: Iterable[Call]) -> tuple[list[Put], list[Call]]:
    """Return the PUTs, in order of their arrival, and the calls that are none that the play can cause."""
    puts: list[Put] = []
    strange: list[Call] = []
    for call in calls:
        put = read_call(call)
        if put is None:
            strange.append(call)
        else:
            puts.append(put)
    return sorted(puts, key=lambda put: put.arrived_s), strange


def read_call(call: Call) -> Put | None:
    """Return what a call was for; None for one that is no edit and no mark of a whole dialog."""
    try:
        body = json.loads(call.body)
    except ValueError:
        return None
    slot = _slot(call, body) if call.method == "PUT" and isinstance(body, dict) else None
    if slot is None:
        return None
    return Put(slot, call.arrived, call.ended, call.status, accepted_put(call, body) if is_accepted(call) else None)


def _slot(call: Call, body: dict[str, Any]) -> Slot | None:
    dialog, edited = str(body.get(_DIALOG)), _EDIT_PATH.fullmatch(call.path)
    if edited and body.keys() == {_DIALOG, "message"}:
        return Slot("edit", dialog, edited[1])
    if call.path == "/chat/Message.json" and {_DIALOG} < body.keys() <= {_DIALOG, "read", "delivered"}:
        # The journal knows the acting user of no call that a fault met first; the header is always there.
        return Slot("mark", dialog, call.headers.get("on-behalf-of", ""))
    return None
