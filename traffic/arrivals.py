"""One receipt with the moment at which it reaches the system."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["read", "delivered", "edit"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A receipt and its time.

    Attributes:
        t_s: Seconds since the beginning of the traffic.
        kind: What is reported. `read` and `delivered` are marks of the whole dialog.
        dialog: 24 lower-case hex digits.
        user: Who has read or received; of an edit, who wrote the message.
        message: The message edited, or the one that the mark was reported for. 24 lower-case hex digits.
        revision: Grows with each edit of a message; 0 for marks.
        text: The new text of an edit; empty for marks, and for recorded edits, whose texts are in no trace.
    """

    t_s: float
    kind: Kind
    dialog: str
    user: int
    message: str
    revision: int
    text: str = ""
