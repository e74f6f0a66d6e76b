"""What the page sees: the dialogs that something happens in, the calls as they come in, and the figures; only changes.

A look is a pure reading of the state, so it costs nothing while nobody watches, and never touches a call.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sandbox.bodies import read_fields
from sandbox.errors import ApiError
from sandbox.journal import Entry
from sandbox.plays import Plays
from sandbox.records import Dialog, Document, Message
from sandbox.service import ChatApi

DIALOGS_SHOWN = 8
MESSAGES_SHOWN = 7
CALLS_AT_ONCE = 60
_NEWEST_LOOKED_AT = 200
_MOST_READ_TO_CATCH_UP = 5_000


class Watch:
    """One watcher's looks; each says what has changed since the one before.

    Args:
        api: What is watched.
        plays: What the players say of the receipts.
    """

    def __init__(self, api: ChatApi, plays: Plays) -> None:
        self._api, self._plays = api, plays
        self._seq = max(0, api.journal.last_seq - CALLS_AT_ONCE)
        self._open: dict[int, Entry] = {}
        self._active: dict[str, int] = {}  # dialog → the look in which something happened in it last
        self._shown: list[str] = []
        self._told: dict[str, Any] = {}
        self._looks = 0

    def look(self) -> Document:
        """Return what has changed; an empty document when nothing has."""
        self._looks += 1
        calls, skipped = self._calls()
        parts: Document = {"dialogs": self._dialogs(), "order": list(self._shown)}
        parts |= {"faults": self._api.misbehaviour.faults.as_document(), "counts": self._counts()}
        parts |= self._plays.document()
        changed = {name: part for name, part in parts.items() if self._told.get(name) != part}
        if "dialogs" in changed:
            known = self._told.get("dialogs", {})
            changed["dialogs"] = {id_: one for id_, one in parts["dialogs"].items() if known.get(id_) != one}
        self._told = parts
        if calls or skipped:
            changed |= {"calls": calls, "skipped": skipped}
        return changed

    def _counts(self) -> Document:
        counts = self._api.journal.counts.as_document()
        del counts["cpu_s"]  # it changes by being looked at
        return counts

    def _calls(self) -> tuple[list[Document], int]:
        """New calls and open ones that have ended since; and how many are left out: nobody reads hundreds a second."""
        new = self._api.journal.after(self._seq, _MOST_READ_TO_CATCH_UP)
        self._seq = new[-1].seq if new else self._seq
        for entry in new:
            self._note_activity(entry)
        self._open |= {entry.seq: entry for entry in new[-CALLS_AT_ONCE:]}
        ended = [entry for entry in self._open.values() if entry.ended is not None]
        for entry in ended:
            del self._open[entry.seq]
        while len(self._open) > CALLS_AT_ONCE:
            del self._open[next(iter(self._open))]
        return [_call(entry) for entry in ended], max(0, len(new) - CALLS_AT_ONCE)

    def _note_activity(self, entry: Entry) -> None:
        if entry.method == "PUT":
            dialog = _fields(entry).get("chat_dialog_id")
            if isinstance(dialog, str):
                self._active[dialog] = self._looks

    def _dialogs(self) -> dict[str, Document]:
        world = self._api.world
        self._choose()
        return {id_: _dialog(world.dialogs[id_]) for id_ in self._shown}

    def _choose(self) -> None:
        """Keep the places of those that are shown; one in which something happens takes the place of the quietest."""
        dialogs = self._api.world.dialogs
        self._shown = [id_ for id_ in self._shown if id_ in dialogs]
        self._active = {id_: look for id_, look in self._active.items() if id_ in dialogs}
        newest = islice(reversed(dialogs), _NEWEST_LOOKED_AT)
        waiting = [*sorted(self._active, key=lambda id_: -self._active[id_]), *newest]
        for id_ in waiting:
            if id_ in self._shown:
                continue
            if len(self._shown) < DIALOGS_SHOWN:
                self._shown.append(id_)
            elif self._active.get(id_) == self._looks:
                quietest = min(self._shown, key=lambda shown: self._active.get(shown, 0))
                if self._looks - self._active.get(quietest, 0) > DIALOGS_SHOWN:
                    self._shown[self._shown.index(quietest)] = id_


def _dialog(dialog: Dialog) -> Document:
    latest = dialog.messages[-MESSAGES_SHOWN:]
    return {
        "name": dialog.name,
        "type": dialog.type,
        "occupants": dialog.occupants_ids[:50],
        "messages": [_message(message) for message in latest],
        "more": len(dialog.messages) - len(latest),
    }


def _message(message: Message) -> Document:
    others = [user for user in message.dialog.occupants_ids if user != message.sender_id]
    readers, receivers = set(message.readers()), set(message.receivers())
    return {
        "id": message.id,
        "from": message.sender_id,
        "text": message.text,
        "edited": message.updated_at if message.updated_at > message.created_at else None,
        "read": sum(user in readers for user in others),
        "delivered": sum(user in receivers or user in readers for user in others),
        "of": len(others),
    }


def _call(entry: Entry) -> Document:
    fields = _fields(entry)
    ended = entry.ended or entry.arrived
    return {
        "seq": entry.seq,
        "at": entry.arrived,
        "ms": round(1000 * (ended - entry.arrived), 1),
        "method": entry.method,
        "path": entry.path,
        "what": ", ".join(_meanings(entry, fields)),
        "dialog": fields.get("chat_dialog_id"),
        "user": entry.user_id,
        "status": entry.status,
        "applied": entry.applied,
    }


def _meanings(entry: Entry, fields: dict[str, Any]) -> Iterator[str]:
    if entry.method != "PUT":
        return  # the page shows its method and path
    if not entry.path.startswith("/chat/Message"):
        yield "dialog"
        return
    if "message" in fields:
        yield "edit"
    for flag in ("read", "delivered"):
        if flag in fields:
            yield flag
    ids = entry.path.removeprefix("/chat/Message").strip("/").removesuffix(".json").split(",")
    if ids[0]:
        yield "1 message" if len(ids) == 1 else f"{len(ids)} messages"
    else:
        yield "whole dialog"


def _fields(entry: Entry) -> dict[str, Any]:
    try:
        return dict(read_fields(dict(entry.headers).get("content-type", ""), entry.body))
    except ApiError:  # it was answered with 400, and is shown without its meaning
        return {}
