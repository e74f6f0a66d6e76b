"""Receipts: what producers report. Values that have been checked when they exist."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from receipt_sync import keys, validation
from receipt_sync.actors import actor_of
from receipt_sync.errors import InvalidReceipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What `MarkRead` and `MarkDelivered` have in common.

    Args:
        dialog_id: 24 lower-case hex digits.
        user_id: the acting QuickBlox user; with the application's API key unless `token` is given.
        token: a QuickBlox session token; then the PUT is sent with `QB-Token`.
        message_ids: only these messages, 1 to 1,000; None for the whole dialog.
        up_to: the whole dialog, because of this message. A further mark of the same actor that names it costs no PUT
            once it has been covered.

    Raises:
        InvalidReceipt: an argument is wrong.
    """

    dialog_id: str
    user_id: int | None = None
    token: str | None = dataclasses.field(default=None, repr=False)
    message_ids: Iterable[str] | None = None
    up_to: str | None = None

    def __post_init__(self) -> None:
        validation.object_id("dialog_id", self.dialog_id)
        validation.check_actor(self.user_id, self.token)
        if self.up_to is not None:
            validation.object_id("up_to", self.up_to)
        if self.message_ids is not None:
            if self.up_to is not None:
                raise InvalidReceipt("up_to", "message_ids beside it", "one of message_ids and up_to, not both")
            object.__setattr__(self, "message_ids", validation.object_ids("message_ids", self.message_ids))

    def arguments(self, kind: str) -> tuple[str, ...]:
        """The six arguments of record.lua."""
        return kind, self.slot, self._actor, self.up_to or "", ",".join(self.message_ids or ()), self.token or ""

    @property
    def slot(self) -> str:
        """Where it gathers (keys.py)."""
        return keys.mark_slot(self.dialog_id, self._actor)

    @property
    def _actor(self) -> str:
        return actor_of(self.user_id, self.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRead(Mark):
    """The actor has read a dialog's messages. Read does not imply delivered: report both where both are wanted."""

    def wire(self) -> tuple[str, ...]:
        """The six arguments of record.lua."""
        return self.arguments("r")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkDelivered(Mark):
    """The actor has received a dialog's messages."""

    def wire(self) -> tuple[str, ...]:
        """The six arguments of record.lua."""
        return self.arguments("d")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditMessage:
    """A message now says `text`.

    Args:
        dialog_id: 24 lower-case hex digits.
        message_id: 24 lower-case hex digits.
        text: what the message says now.
        user_id: the acting QuickBlox user; with the application's API key unless `token` is given.
        token: a QuickBlox session token.
        revision: its place among the edits of this message; the highest (revision, arrival) wins. None for the
            producer's time of recording in ms. Use one or the other for a message, not both.
        max_text_bytes: most bytes of UTF-8 that `text` may take.

    Raises:
        InvalidReceipt: an argument is wrong.
    """

    dialog_id: str
    message_id: str
    text: str = dataclasses.field(repr=False)
    user_id: int | None = None
    token: str | None = dataclasses.field(default=None, repr=False)
    revision: int | None = None
    max_text_bytes: dataclasses.InitVar[int] = validation.MAX_TEXT_BYTES

    def __post_init__(self, max_text_bytes: int) -> None:
        validation.object_id("dialog_id", self.dialog_id)
        validation.object_id("message_id", self.message_id)
        validation.text(self.text, max_text_bytes)
        validation.check_actor(self.user_id, self.token)
        if self.revision is not None:
            validation.revision(self.revision)

    def wire(self, recorded_ms: int) -> tuple[str, ...]:
        """The six arguments of record.lua; `recorded_ms` is the producer's time, for edits without a revision."""
        actor = actor_of(self.user_id, self.token)
        revision = recorded_ms if self.revision is None else self.revision
        return "e", self.slot, actor, str(revision), self.text, self.token or ""

    @property
    def slot(self) -> str:
        """Where it gathers (keys.py)."""
        return keys.edit_slot(self.dialog_id, self.message_id)


Receipt = MarkRead | MarkDelivered | EditMessage
