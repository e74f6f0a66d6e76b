"""The world: dialogs, messages, and what marks and edits mean. Pure state; the clock is an argument."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable

from sandbox.records import PUBLIC, Dialog, Message, new_object_id


class World:
    """All dialogs and messages of one application.

    Args:
        clock: Tells the unix time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.dialogs: dict[str, Dialog] = {}
        self.messages: dict[str, Message] = {}
        self._of_user: defaultdict[int, list[Dialog]] = defaultdict(list)

    def clear(self) -> None:
        """Forget everything."""
        self.dialogs.clear()
        self.messages.clear()
        self._of_user.clear()

    def add_dialog(
        self, dialog_type: int, occupants_ids: Iterable[int], *, user_id: int, name: str | None, dialog_id: str | None
    ) -> Dialog:
        """Create a dialog.

        Args:
            dialog_type: 1 public, 2 group, 3 private.
            occupants_ids: Its users; equal ones count once.
            user_id: Who created it.
            name: Shown to its users.
            dialog_id: 24 hex digits, new to this world; None makes one.
        """
        now_s = self._clock()
        occupants = list(dict.fromkeys(occupants_ids))
        dialog = Dialog(dialog_id or new_object_id(now_s), dialog_type, occupants, name, user_id, now_s, now_s)
        self.dialogs[dialog.id] = dialog
        for user in occupants if dialog_type != PUBLIC else ():
            self._of_user[user].append(dialog)
        return dialog

    def add_message(
        self,
        dialog: Dialog,
        sender_id: int,
        text: str,
        *,
        date_sent: int | None = None,
        recipient_id: int | None = None,
        message_id: str | None = None,
    ) -> Message:
        """Create a message; its sender has read and received it from the start [B].

        Args:
            dialog: Where it belongs.
            sender_id: Who sent it.
            text: What it says.
            date_sent: Unix second; None means now.
            recipient_id: Whom it is for; in a private dialog the other occupant by itself.
            message_id: 24 hex digits, new to this world; None makes one.
        """
        now_s = self._clock()
        message = Message(
            id=message_id or new_object_id(now_s),
            dialog=dialog,
            position=len(dialog.messages),
            text=text,
            sender_id=sender_id,
            recipient_id=dialog.partner_of(sender_id) if recipient_id is None else recipient_id,
            date_sent=int(now_s) if date_sent is None else date_sent,
            created_at=now_s,
            updated_at=now_s,
            read_ids=[sender_id],
            delivered_ids=[sender_id],
        )
        self.messages[message.id] = message
        dialog.take(message)
        return message

    def dialogs_of(self, user_id: int) -> list[Dialog]:
        """Return the user's group and private dialogs, the latest message first."""
        return sorted(self._shown_to(user_id), key=_latest_sent, reverse=True)

    def unread_total(self, user_id: int) -> int:
        """Return how many messages of the user's dialogs the user has not read."""
        return sum(dialog.unread_count(user_id) for dialog in self._shown_to(user_id))

    def delete_message(self, message: Message) -> None:
        """Delete a message for everybody."""
        del self.messages[message.id]
        message.dialog.give_up(message)

    def delete_dialog(self, dialog: Dialog) -> None:
        """Delete a dialog with its messages for everybody."""
        del self.dialogs[dialog.id]
        for message in dialog.messages:
            del self.messages[message.id]
        for user in dialog.occupants_ids if dialog.type != PUBLIC else ():
            self._of_user[user].remove(dialog)

    def change_occupants(self, dialog: Dialog, added: Iterable[int], removed: Iterable[int]) -> None:
        """Let users into a group dialog, then others out of it."""
        for user in added:
            if user not in dialog.occupants_ids:
                dialog.occupants_ids.append(user)
                self._of_user[user].append(dialog)
        for user in removed:
            if user in dialog.occupants_ids:
                dialog.occupants_ids.remove(user)
                self._of_user[user].remove(dialog)
        dialog.updated_at = self._clock()

    def edit(self, message: Message, text: str) -> None:
        """Replace a message's text; the dialog's last_message follows by itself [B]."""
        message.text = text
        message.updated_at = self._clock()

    def _shown_to(self, user_id: int) -> list[Dialog]:
        return [dialog for dialog in self._of_user.get(user_id, ()) if user_id not in dialog.hidden_from]


def mark_dialog(dialog: Dialog, user_id: int, *, read: bool, delivered: bool) -> None:
    """Mark every message that stands in the dialog now, at the same cost whatever its length."""
    if read:
        dialog.read_to[user_id] = len(dialog.messages)
    if delivered:
        dialog.delivered_to[user_id] = len(dialog.messages)


def mark_messages(messages: Iterable[Message], user_id: int, *, read: bool, delivered: bool) -> None:
    """Mark single messages; a mark that stands already changes nothing [C], and read does not imply delivered [B]."""
    for message in messages:
        if read and user_id not in message.read_ids:
            message.read_ids.append(user_id)
        if delivered and user_id not in message.delivered_ids:
            message.delivered_ids.append(user_id)


def by_date_sent(dialog: Dialog) -> list[Message]:
    """Return a dialog's messages in the order of their listing; equal seconds keep their order of arrival."""
    return sorted(dialog.messages, key=lambda message: message.date_sent)


def _latest_sent(dialog: Dialog) -> int:
    return dialog.last.date_sent if dialog.last else 0
