"""What a run leaves behind to be judged by: the receipts recorded, and the PUTs that the chat API accepted."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from traffic.arrivals import Kind

_START, _END = "/chat/Message", ".json"
_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A receipt and when it was recorded.

    Attributes:
        recorded_s: Unix seconds just before the recording call, so that no wait comes out too short.
        kind: `read` and `delivered` are marks of the whole dialog.
        dialog: Its id.
        user: Whose mark it is; of an edit, who sends it.
        message: The message edited; of a mark, the one it was told to name (`up_to`), empty without.
        revision: Of an edit.
        text: Of an edit.
    """

    recorded_s: float
    kind: Kind
    dialog: str
    user: int
    message: str = ""
    revision: int = 0
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A PUT that the chat API answered with a 2xx.

    Attributes:
        arrived_s: Unix seconds, by the same clock as the recordings.
        dialog: Its body's `chat_dialog_id`.
        user: The acting user.
        message_ids: Those of the path; none for the whole dialog.
        read: Whether it marks as read.
        delivered: Whether it marks as delivered.
        text: What the message says now; None for a PUT that edits nothing.
    """

    arrived_s: float
    dialog: str
    user: int
    message_ids: tuple[str, ...] = ()
    read: bool = False
    delivered: bool = False
    text: str | None = field(default=None, repr=False)


class JournalledCall(Protocol):
    """What is needed of a line of the sandbox's journal; `sandbox.client.Call` has it."""

    @property
    def arrived(self) -> float:
        """Unix seconds."""

    @property
    def method(self) -> str:
        """In upper case."""

    @property
    def path(self) -> str:
        """Without the query."""

    @property
    def body(self) -> str:
        """As it came."""

    @property
    def status(self) -> int | None:
        """What was answered, if anything."""

    @property
    def user_id(self) -> int | None:
        """The acting user, where known."""


def accepted_puts(calls: Iterable[JournalledCall]) -> Iterator[Accepted]:
    """The PUTs to messages that were accepted, in the journal's order; other calls are left out.

    Raises:
        ValueError: An accepted PUT has no JSON body.
    """
    for call in calls:
        if call.method == "PUT" and is_accepted(call) and call.path.startswith(_START):
            yield accepted_put(call, json.loads(call.body))


def is_accepted(call: JournalledCall) -> bool:
    """Whether the chat API answered with a 2xx."""
    return call.status in _OK


def accepted_put(call: JournalledCall, body: Mapping[str, Any]) -> Accepted:
    """What an accepted PUT to messages said.

    Args:
        call: The PUT.
        body: The call's, parsed; it has a `chat_dialog_id`.
    """
    text = body.get("message")
    return Accepted(
        arrived_s=call.arrived,
        dialog=str(body["chat_dialog_id"]),
        user=call.user_id or 0,
        message_ids=_ids(call.path),
        read=str(body.get("read")) == "1",
        delivered=str(body.get("delivered")) == "1",
        text=None if text is None else str(text),
    )


def _ids(path: str) -> tuple[str, ...]:
    inner = path.removeprefix(_START).removesuffix(_END).strip("/")
    return tuple(inner.split(",")) if inner else ()
