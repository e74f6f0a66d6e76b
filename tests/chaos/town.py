"""Who reports what in a chaos run: receipts for some dialogs, then for others, and so on.

In a dialog that never sleeps a lost receipt is hidden by the next one's PUT. So each group of dialogs is awake for a
while and then falls silent for good, and the last receipt of every slot counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from sandbox.client import SandboxClient
from traffic.arrivals import Kind
from traffic.evidence import Recorded

_USERS = (101, 102)
_MESSAGES = 3
_RECEIPTS_PER_DIALOG = 60
_EDITED_SHARE = 0.15
_NAMED_SHARE = 0.2
_LATE_SHARE = 0.2
_LATE_MS = 3_000
_REVISIONS_PER_MS = 1_000


@dataclass(frozen=True)
class Town:
    """Dialogs of two users each; the first message of each is edited, marks may name any of three.

    Attributes:
        awake: dialogs awake at a time.
        receipts: of all producers together.
        producers: how many.
    """

    awake: int
    receipts: int
    producers: int

    @property
    def dialogs(self) -> int:
        """How many there are."""
        return self.awake * (1 + self.receipts // (self.awake * _RECEIPTS_PER_DIALOG))

    def plant(self, api: SandboxClient) -> None:
        """Builds it at the API."""
        dialogs = range(self.dialogs)
        api.build_world(
            users=_USERS,
            dialogs=[{"_id": dialog_id(n), "type": 2, "occupants_ids": list(_USERS)} for n in dialogs],
            messages=[
                {"_id": message_id(n, m), "chat_dialog_id": dialog_id(n), "sender_id": _USERS[0], "message": "as sent"}
                for n in dialogs
                for m in range(_MESSAGES)
            ],
        )

    def drawn(self, random: Random, producer: int) -> Iterator[Recorded]:
        """Receipts without end; of a message's edits no two have the same revision, and some come out of order.

        Args:
            random: of the randomness.
            producer: below 10; makes the revisions of several producers differ.
        """
        number = 0
        while True:
            group = number * self.producers // (self.awake * _RECEIPTS_PER_DIALOG)
            dialog = min(group * self.awake, self.dialogs - self.awake) + random.randrange(self.awake)
            number += 1
            if random.random() < _EDITED_SHARE:
                late_ms = random.randrange(_LATE_MS) if random.random() < _LATE_SHARE else 0
                milliseconds = time.time_ns() // 1_000_000 - late_ms
                revision = milliseconds * _REVISIONS_PER_MS + producer * 100 + number % 100
                yield edit(0.0, dialog_id(dialog), message_id(dialog, 0), revision)
            else:
                kind: Kind = "read" if random.random() < 0.5 else "delivered"
                named = message_id(dialog, random.randrange(_MESSAGES)) if random.random() < _NAMED_SHARE else ""
                yield Recorded(0.0, kind, dialog_id(dialog), random.choice(_USERS), named)


def dialog_id(number: int) -> str:
    """The id of a dialog."""
    return f"d{number:023x}"


def message_id(dialog: int, message: int) -> str:
    """The id of a dialog's message."""
    return f"e{dialog:015x}{message:08x}"


def edit(recorded_s: float, dialog: str, message: str, revision: int) -> Recorded:
    """An edit, whose text says its revision, so that the API's journal shows the order."""
    return Recorded(recorded_s, "edit", dialog, _USERS[0], message, revision, text_of(revision))


def text_of(revision: int) -> str:
    """The text of an edit."""
    return f"revision {revision}"


def revision_of(text: str) -> int:
    """The revision of a text; -1 for one that was no edit of ours."""
    words, _, number = text.partition(" ")
    return int(number) if words == "revision" else -1
