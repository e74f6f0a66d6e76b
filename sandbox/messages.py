"""The calls on messages. Each checks everything before it changes anything."""

from dataclasses import dataclass

from sandbox.answers import EMPTY, Answer, json_answer
from sandbox.asked import Asked
from sandbox.bodies import DIGITS, Fields, count, flag, object_id, user_id
from sandbox.deleting import Deletion, Fate
from sandbox.errors import forbidden, invalid, not_found, rejected
from sandbox.records import Dialog, Message
from sandbox.world import World, by_date_sent, mark_dialog, mark_messages

PAGE = 100
LATEST_S = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Change:
    """What one PUT asks for; it may carry several things at once [B]."""

    read: bool
    delivered: bool
    text: str | None

    @classmethod
    def of(cls, fields: Fields) -> "Change":
        """Read the change; unknown fields are ignored [B].

        Raises:
            ApiError: 422 for a flag or text of another kind.
        """
        text = fields.get("message")
        if text is not None and not isinstance(text, str):
            raise invalid("message", "must be a text")
        return cls(flag(fields, "read"), flag(fields, "delivered"), text)


class MessageCalls:
    """`/chat/Message…`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def update_all(self, asked: Asked) -> Answer:
        """`PUT /chat/Message.json`: every message of `chat_dialog_id`, for the acting user alone [A]."""
        dialog = self._dialog(asked)
        change = Change.of(asked.fields)
        _refuse_stray_text(asked, change)
        mark_dialog(dialog, asked.user_id, read=change.read, delivered=change.delivered)
        return EMPTY

    def update(self, asked: Asked) -> Answer:
        """`PUT /chat/Message/{id}.json` [A], or a comma list of ids [B]."""
        dialog = self._dialog(asked)
        change = Change.of(asked.fields)
        ids = asked.several_ids()
        messages = self._messages(asked, dialog, ids)
        if len(ids) != 1:
            _refuse_stray_text(asked, change)
        elif change.text is not None:
            self._edit(asked, messages[0], change.text)
        mark_messages(messages, asked.user_id, read=change.read, delivered=change.delivered)
        return EMPTY

    def create(self, asked: Asked) -> Answer:
        """`POST /chat/Message.json` → 201 and the message."""
        dialog = self._dialog(asked)
        text = asked.fields.get("message")
        if not isinstance(text, str) or not text:
            raise invalid("message", "is required")
        recipient = asked.fields.get("recipient_id")
        message = self._world.add_message(
            dialog,
            asked.user_id,
            text,
            date_sent=_date_sent(asked.fields),
            recipient_id=None if recipient is None else user_id(recipient, "recipient_id"),
        )
        return json_answer(message.document(), 201)

    def show(self, asked: Asked) -> Answer:
        """`GET /chat/Message/{id}.json` → the message; it marks nothing."""
        message_id = object_id(asked.ids, "_id")
        if message_id in asked.faults.rejected_ids:
            raise rejected(asked.faults.rejected_status, "_id")
        message = self._found(asked, message_id)
        if message is None:
            raise not_found()
        if not message.dialog.admits(asked.user_id):
            raise forbidden()
        return json_answer(message.document())

    def page(self, asked: Asked) -> Answer:
        """`GET /chat/Message.json`: a page by date_sent; marks what it shows as read unless `mark_as_read=0` [A].

        `sort_desc=date_sent` turns it round [A]; other orders and filters are not imitated.
        """
        dialog = asked.dialog(self._world, asked.query.get("chat_dialog_id"), "chat_dialog_id")
        skip, limit = count(asked.query, "skip", 0, 2**31), count(asked.query, "limit", PAGE, PAGE)
        ordered = [message for message in by_date_sent(dialog) if asked.user_id not in message.hidden_from]
        if asked.query.get("sort_desc") == "date_sent":
            ordered.reverse()
        shown = ordered[skip : skip + limit]
        mark_messages(shown, asked.user_id, read=asked.query.get("mark_as_read") != "0", delivered=False)
        return json_answer({"skip": skip, "limit": limit, "items": [message.document() for message in shown]})

    def unread(self, asked: Asked) -> Answer:
        """`GET /chat/Message/unread.json`: the total, and by dialog those that `chat_dialog_ids` names."""
        named = asked.query.get("chat_dialog_ids")
        if named is None:
            return json_answer({"total": self._world.unread_total(asked.user_id)})
        dialogs = [asked.dialog(self._world, one, "chat_dialog_ids") for one in named.split(",")]
        unread = {dialog.id: dialog.unread_count(asked.user_id) for dialog in dialogs}
        return json_answer({"total": sum(unread.values()), **unread})

    def delete(self, asked: Asked) -> Answer:
        """`DELETE /chat/Message/{ids}.json`: for the caller alone, or with `force=1` for everyone [A].

        For everyone: the sender or the dialog's owner may [C]; the documentation says "the owner", of one or the other.
        """
        deletion, for_everyone = Deletion(), asked.for_everyone
        for one in asked.several_ids():
            deletion.note(one, self._delete_one(asked, self._found(asked, one), for_everyone=for_everyone))
        return deletion.answer()

    def _delete_one(self, asked: Asked, message: Message | None, *, for_everyone: bool) -> Fate:
        if message is None:
            return Fate.NOT_FOUND
        owners = (message.sender_id, message.dialog.user_id)
        if not message.dialog.admits(asked.user_id) or (for_everyone and asked.user_id not in owners):
            return Fate.WRONG_PERMISSIONS
        if for_everyone:
            self._world.delete_message(message)
        else:
            message.hidden_from |= {asked.user_id}
        return Fate.DELETED

    def _found(self, asked: Asked, message_id: str) -> Message | None:
        message = self._world.messages.get(message_id)
        return None if message is None or asked.user_id in message.hidden_from else message

    def _dialog(self, asked: Asked) -> Dialog:
        return asked.dialog(self._world, asked.fields.get("chat_dialog_id"), "chat_dialog_id")

    def _messages(self, asked: Asked, dialog: Dialog, ids: list[str]) -> list[Message]:
        """Return the good ones of a list; what a bad one does to the others is a switch [?]."""
        found = [self._found(asked, one) for one in ids if one not in asked.faults.rejected_ids]
        good = [message for message in found if message is not None and message.dialog is dialog]
        if len(good) == len(ids) or (good and asked.faults.list_with_bad_id == "skip"):
            return good
        if len(found) < len(ids):
            raise rejected(asked.faults.rejected_status, "_id")
        raise not_found()

    def _edit(self, asked: Asked, message: Message, text: str) -> None:
        if asked.faults.editors == "sender" and message.sender_id != asked.user_id:
            raise forbidden()
        self._world.edit(message, text)


def _refuse_stray_text(asked: Asked, change: Change) -> None:
    if change.text is not None and asked.faults.stray_text == "reject":
        raise invalid("message", "needs exactly one message id in the path")


def _date_sent(fields: Fields) -> int | None:
    sent = fields.get("date_sent")
    if isinstance(sent, str) and DIGITS.match(sent):
        sent = int(sent)
    if sent is None or (isinstance(sent, int) and not isinstance(sent, bool) and 0 <= sent <= LATEST_S):
        return sent
    raise invalid("date_sent", "must be a unix time in seconds")
