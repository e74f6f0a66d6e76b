"""The chat server's events, and the receipt that each becomes. Change these to the names that your server uses."""

from __future__ import annotations

import abc

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from receipt_sync import EditMessage, MarkDelivered, MarkRead, Receipt

# The ledger remembers for a day (RECEIPTS_REMEMBER_S) which edit of a message was the last; an event that is sent again
# later than that could put an old text in a new one's place.
EDIT_AGE_MAX_MS = 12 * 3600 * 1000
# An edit from the future would win over all others until then.
CLOCKS_DIFFER_MS = 60 * 1000


class Event(BaseModel, abc.ABC):
    """What all events say; what else they say is left alone."""

    dialog_id: str
    message_id: str
    user_id: int
    occurred_ms: int

    @abc.abstractmethod
    def receipt(self) -> Receipt:
        """Raises InvalidReceipt for what is no id, or no text."""


class Displayed(Event):
    """A user has seen a message, and so the dialog."""

    def receipt(self) -> MarkRead:
        """The message is its cause: the same event once more costs no call."""
        return MarkRead(dialog_id=self.dialog_id, user_id=self.user_id, up_to=self.message_id)


class Received(Event):
    """A message has reached a user's device."""

    def receipt(self) -> MarkDelivered:
        """As of `Displayed`."""
        return MarkDelivered(dialog_id=self.dialog_id, user_id=self.user_id, up_to=self.message_id)


class Corrected(Event):
    """A user has edited a message."""

    text: str

    def receipt(self) -> EditMessage:
        """The latest edit wins, in whatever order they come."""
        return EditMessage(
            dialog_id=self.dialog_id,
            message_id=self.message_id,
            text=self.text,
            user_id=self.user_id,
            revision=self.occurred_ms,
        )


KINDS: dict[str, type[Event]] = {
    "message.displayed": Displayed,
    "message.received": Received,
    "message.corrected": Corrected,
}


class _Kind(BaseModel):
    type: str


def event_of(body: bytes, now_ms: int) -> Event | None:
    """The event; None for one of a type that is nothing to us.

    Raises:
        HTTPException: 400 with what was expected; 410 for an edit that is too old.
    """
    try:
        kind = KINDS.get(_Kind.model_validate_json(body).type)
        event = kind.model_validate_json(body) if kind else None
    except ValidationError as error:
        # Without what was found: it may be a message's text.
        faults = (f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors())
        raise HTTPException(400, "; ".join(faults)) from None
    if event and event.occurred_ms > now_ms + CLOCKS_DIFFER_MS:
        raise HTTPException(400, "occurred_ms: expected unix milliseconds, and no time ahead")
    if isinstance(event, Corrected) and event.occurred_ms < now_ms - EDIT_AGE_MAX_MS:
        raise HTTPException(410, "occurred_ms: an edit as old as this is no longer taken")
    return event
