"""What is played: fifty minutes of a busy chat in fifty seconds, and a job of beat in a dialog of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from demo.chat_state import ExpectedMessage
from traffic.arrivals import Arrival
from traffic.busy_chat import busy_chat
from traffic.day import GROUP, Day, Dialog, Message

SEED = 2
RECEIPTS = 30_000
CHAT_S = 3_000.0
SPEED = 60.0

PLAN_CALLS_PER_S = 160  # "Growth" among QuickBlox' plans
RATE_PER_S = 144  # a tenth is left for the application's own calls
GATHER_S = 2.0

JOB_EVERY_S = 3.0
JOB_DIALOG = Dialog("6553f0000000000000000b0b", GROUP, (1_001, 1_002))
JOB_USER = 1_002
JOB_MESSAGE = Message("6553f1000000000000000b0b", JOB_DIALOG.id, 1_001, "the canteen opens at noon", 0.0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A day at the speed at which it is played, and the job beside it.

    Attributes:
        day: As the chat's people live it.
        arrivals: Its receipts, at the seconds of the play.
        duration_s: How long the play takes.
    """

    day: Day
    arrivals: tuple[Arrival, ...]
    duration_s: float

    @classmethod
    def make(
        cls, seed: int = SEED, receipts: int = RECEIPTS, chat_s: float = CHAT_S, speed: float = SPEED
    ) -> "Scenario":
        """Make it up; the same arguments make the same."""
        day = busy_chat(seed, receipts, chat_s)
        return cls(day, tuple(replace(one, t_s=one.t_s / speed) for one in day.arrivals), chat_s / speed)

    def world(self) -> dict[str, list[Any]]:
        """The arguments of `SandboxClient.build_world`."""
        return {
            "users": [*self.day.users, *JOB_DIALOG.occupants],
            "dialogs": [_dialog_seed(dialog) for dialog in self._dialogs()],
            "messages": [_message_seed(message) for message in self._messages()],
        }

    def schedule(self) -> dict[str, Any]:
        """The content of beat's schedule file."""
        mark = {"dialog_id": JOB_DIALOG.id, "user_id": JOB_USER}
        job = {"task": "receipts.mark_dialog_delivered", "every_s": JOB_EVERY_S, "kwargs": mark}
        return {"deliver the canteen's dialog": job}

    def expected(self) -> dict[str, ExpectedMessage]:
        """By message: how it must stand in the chat when all receipts are covered."""
        readers, texts = self.day.expected_readers(), self.day.expected_texts()
        deliverers = self.day.expected_deliverers() | {JOB_DIALOG.id: frozenset({JOB_USER})}
        return {
            message.id: ExpectedMessage(
                dialog=message.dialog,
                text=texts.get(message.id, message.text),
                # The chat API counts a sender among those who have read and received a message.
                read_by=readers.get(message.dialog, frozenset()) | {message.sender},
                delivered_to=deliverers[message.dialog] | {message.sender},
            )
            for message in self._messages()
        }

    def unread(self) -> tuple[str, int]:
        """A dialog, and one of its users who will not have read it."""
        readers = self.day.expected_readers()
        senders = {(message.dialog, message.sender) for message in self.day.messages}
        return next(
            (dialog.id, user)
            for dialog in self.day.dialogs
            for user in dialog.occupants
            if user not in readers[dialog.id] and (dialog.id, user) not in senders
        )

    def _dialogs(self) -> Iterator[Dialog]:
        yield from self.day.dialogs
        yield JOB_DIALOG

    def _messages(self) -> Iterator[Message]:
        yield from self.day.messages
        yield JOB_MESSAGE


def _dialog_seed(dialog: Dialog) -> dict[str, Any]:
    return {"_id": dialog.id, "type": dialog.type, "occupants_ids": list(dialog.occupants)}


def _message_seed(message: Message) -> dict[str, Any]:
    return {
        "_id": message.id,
        "chat_dialog_id": message.dialog,
        "sender_id": message.sender,
        "message": message.text,
        "date_sent": int(message.id[:8], 16),  # an id begins with its second
    }
