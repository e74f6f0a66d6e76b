"""A day of a chat: who talks where, what was said, which receipts arrive, and how the chat must look afterwards."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from traffic.arrivals import Arrival, Kind

GROUP: Literal[2] = 2
PRIVATE: Literal[3] = 3


@dataclass(frozen=True, slots=True)
class Dialog:
    """A chat of some users; `type` as the chat API numbers it (2 group, 3 private)."""

    id: str
    type: Literal[2, 3]
    occupants: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """What was said first; edits arrive as receipts.

    Attributes:
        id: 24 lower-case hex digits.
        dialog: Where it was said.
        sender: Who said it.
        text: Before any edit.
        t_s: Seconds since the beginning of the day; below 0 for what was said shortly before it.
    """

    id: str
    dialog: str
    sender: int
    text: str
    t_s: float


@dataclass(frozen=True, slots=True)
class Day:
    """Everything that a run needs, and what its end is checked against.

    All messages exist before the first receipt arrives, and a mark covers its whole dialog: after the run the user of
    any mark stands on every message of that dialog.
    """

    users: tuple[int, ...]
    dialogs: tuple[Dialog, ...]
    messages: tuple[Message, ...]
    arrivals: tuple[Arrival, ...]

    def expected_readers(self) -> dict[str, frozenset[int]]:
        """By dialog (each has an entry): who marked it read.

        Of its own message a sender is a reader from the start, marked or not.
        """
        return self._marked("read")

    def expected_deliverers(self) -> dict[str, frozenset[int]]:
        """By dialog (each has an entry): to whom it was marked delivered. Read does not imply it."""
        return self._marked("delivered")

    def expected_texts(self) -> dict[str, str]:
        """By message, edited or not: the text of its highest revision."""
        edits = sorted((arrival for arrival in self.arrivals if arrival.kind == "edit"), key=lambda edit: edit.revision)
        first = {message.id: message.text for message in self.messages}
        return first | {edit.message: edit.text for edit in edits}

    def _marked(self, kind: Kind) -> dict[str, frozenset[int]]:
        users: dict[str, set[int]] = defaultdict(set)
        for arrival in self.arrivals:
            if arrival.kind == kind:
                users[arrival.dialog].add(arrival.user)
        return {dialog.id: frozenset(users[dialog.id]) for dialog in self.dialogs}
