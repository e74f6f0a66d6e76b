"""What the calls that the sandbox saw were for: its journal, read as PUTs of slots. Pure."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sandbox.client import Call
from traffic.arrivals import Arrival

ACCEPTED = 200
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
        carries: Kinds of receipts: "read", "delivered", or "edit" alone.
        text: Of an edit, else empty.
    """

    slot: Slot
    arrived_s: float
    ended_s: float | None
    status: int | None
    carries: frozenset[str]
    text: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the API said so."""
        return self.status == ACCEPTED


def slot_of(arrival: Arrival) -> Slot:
    """Where a receipt of the play gathers."""
    if arrival.kind == "edit":
        return Slot("edit", arrival.dialog, arrival.message)
    return Slot("mark", arrival.dialog, str(arrival.user))


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
    if call.method != "PUT" or not isinstance(body, dict):
        return None
    dialog, edited = str(body.get("chat_dialog_id")), _EDIT_PATH.fullmatch(call.path)
    if edited and body.keys() == {"chat_dialog_id", "message"}:
        slot = Slot("edit", dialog, edited[1])
        return Put(slot, call.arrived, call.ended, call.status, frozenset({"edit"}), str(body["message"]))
    carries = frozenset(body) - {"chat_dialog_id"}
    if call.path == "/chat/Message.json" and carries and carries <= {"read", "delivered"}:
        slot = Slot("mark", dialog, call.headers.get("on-behalf-of", ""))
        return Put(slot, call.arrived, call.ended, call.status, carries)
    return None
