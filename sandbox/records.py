"""Dialogs and messages as the sandbox keeps them, and as documents of the API.

A mark of a whole dialog is one number per user: "everything that stood before position n". A mark of one message stands
in the message. The documents show both as one array.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

PUBLIC, GROUP, PRIVATE = 1, 2, 3

Document = dict[str, Any]


def iso_time(at_s: float) -> str:
    """Return a unix time as the API writes `created_at` and `updated_at`: ISO, UTC, whole seconds, Z."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_object_id(now_s: float) -> str:
    """Return a fresh id: 24 lower-case hex digits, the first 8 the unix second."""
    return f"{int(now_s):08x}{secrets.token_hex(8)}"


@dataclass(slots=True, eq=False)
class Dialog:
    """A dialog and its messages in order of arrival.

    Attributes:
        type: 1 public, 2 group, 3 private.
        read_to: By user, how many of the first messages a mark of the whole dialog has covered.
        delivered_to: The same for delivered.
        last: The message that `last_message` shows: the latest by date_sent, then by arrival.
        hidden_from: Who has deleted it for themselves.
    """

    id: str
    type: int
    occupants_ids: list[int]
    name: str | None
    user_id: int
    created_at: float
    updated_at: float
    messages: list["Message"] = field(default_factory=list)
    read_to: dict[int, int] = field(default_factory=dict)
    delivered_to: dict[int, int] = field(default_factory=dict)
    last: "Message | None" = None
    hidden_from: frozenset[int] = frozenset()

    def admits(self, user_id: int) -> bool:
        """Return whether the user may see and mark it: an occupant, or anyone in a public dialog [C]."""
        return self.type == PUBLIC or user_id in self.occupants_ids

    def take(self, message: "Message") -> None:
        """Append a message that has just arrived."""
        self.messages.append(message)
        self.updated_at = max(self.updated_at, message.created_at)
        if self.last is None or message.date_sent >= self.last.date_sent:
            self.last = message

    def give_up(self, message: "Message") -> None:
        """Let a message go, as if it had never been there; this costs as much as it has messages."""
        del self.messages[message.position]
        for later in self.messages[message.position :]:
            later.position -= 1
        for marked_to in (self.read_to, self.delivered_to):
            marked_to |= {user: end - 1 for user, end in marked_to.items() if end > message.position}
        if self.last is message:
            self.last = max(self.messages, key=lambda one: (one.date_sent, one.position), default=None)

    def unread_count(self, user_id: int) -> int:
        """Return how many of its messages the user has not read, nor deleted for themselves."""
        start = self.read_to.get(user_id, 0)
        return sum(
            user_id not in message.read_ids and user_id not in message.hidden_from for message in self.messages[start:]
        )

    def partner_of(self, user_id: int) -> int | None:
        """Return the other occupant of a private dialog, else None."""
        return next((one for one in self.occupants_ids if one != user_id), None) if self.type == PRIVATE else None

    def document(self, reader_id: int | None) -> Document:
        """Return it as the API shows it to a reader; for nobody (None) without the unread count.

        Occupants stand in ascending order [B].
        """
        shown: Document = {
            "_id": self.id,
            "type": self.type,
            "name": self.name,
            "user_id": self.user_id,
            "occupants_ids": sorted(self.occupants_ids),
            **self._last_fields(),
            "created_at": iso_time(self.created_at),
            "updated_at": iso_time(self.updated_at),
        }
        if reader_id is not None:
            shown["unread_messages_count"] = self.unread_count(reader_id)
        return shown

    def _last_fields(self) -> Document:
        last = self.last
        return {
            "last_message": last and last.text,
            "last_message_id": last and last.id,
            "last_message_date_sent": last and last.date_sent,
            "last_message_user_id": last and last.sender_id,
        }


@dataclass(slots=True, eq=False)
class Message:
    """A message of a dialog.

    Attributes:
        position: Its place in order of arrival, from 0; marks of the whole dialog count by it.
        read_ids: Who has read it by a mark of this message; the sender from the start [B].
        delivered_ids: The same for delivered.
        date_sent: Unix second; clients choose it, so it may disagree with the order of arrival.
        hidden_from: Who has deleted it for themselves.
    """

    id: str
    dialog: Dialog
    position: int
    text: str
    sender_id: int
    recipient_id: int | None
    date_sent: int
    created_at: float
    updated_at: float
    read_ids: list[int]
    delivered_ids: list[int]
    hidden_from: frozenset[int] = frozenset()

    def readers(self) -> list[int]:
        """Return all who have read it, by marks of the message first."""
        return [*self.read_ids, *self._covered(self.dialog.read_to, self.read_ids)]

    def receivers(self) -> list[int]:
        """Return all it was delivered to, by marks of the message first."""
        return [*self.delivered_ids, *self._covered(self.dialog.delivered_to, self.delivered_ids)]

    def _covered(self, marked_to: dict[int, int], named: list[int]) -> Iterator[int]:
        return (user for user, end in marked_to.items() if self.position < end and user not in named)

    def document(self) -> Document:
        """Return it as the API shows it; `read` says whether anyone but the sender has read it [?]."""
        readers = self.readers()
        return {
            "_id": self.id,
            "chat_dialog_id": self.dialog.id,
            "message": self.text,
            "date_sent": self.date_sent,
            "created_at": iso_time(self.created_at),
            "updated_at": iso_time(self.updated_at),
            "sender_id": self.sender_id,
            "recipient_id": self.recipient_id,
            "read_ids": readers,
            "delivered_ids": self.receivers(),
            "read": int(any(reader != self.sender_id for reader in readers)),
            "attachments": [],
        }
