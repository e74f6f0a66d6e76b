"""What a fact plays on: dialogs of its own with messages in them; and taking all of it away again.

Everything that is made is noted before anything is done with it, so that `clear` and `clean` find it whatever happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.contract.facts.access import Access
from tests.contract.facts.cast import Actor, Cast
from tests.contract.facts.chat import Chat, Heard
from tests.contract.facts.fact import CannotTryError, DiffersError
from worker.plan import Put
from worker.verdicts import Rejected, Sent, Unavailable

NAME = "receipt sync asks for facts"  # of every dialog that is made: what a killed run leaves is known by it
ONE, ALL = "/chat/Message/{}.json", "/chat/Message.json"
_GONE = (403, 404)


@dataclass(frozen=True)
class Talk:
    """A dialog and its messages, oldest first; the sender has sent all of them."""

    id: str
    ids: tuple[str, ...]


class Stage(Cast):
    """One application, and what has been made in it."""

    def __init__(self, access: Access, chat: Chat) -> None:
        super().__init__(access, chat)
        self._dialogs: dict[str, Actor] = {}
        self._messages: dict[str, list[str]] = {}

    def enter(self) -> None:
        """Make sure that both may call; raises CannotTryError: a wrong password is tried once, not by every fact."""
        for actor in (self.reader, self.sender):
            self.get("/chat/Dialog.json", actor, limit="1")

    # Dialogs and messages -------------------------------------------------------------------------------------------

    def talk(self, messages: int = 2, *, alone: bool = False) -> Talk:
        """A new dialog of sender and reader, or of the sender alone, with so many messages.

        Raises:
            CannotTryError: The API refuses to make one.
        """
        occupants = self.sender if alone else self.reader
        body = {"type": 2, "name": NAME, "occupants_ids": str(occupants.user_id)}
        dialog_id = self._made("/chat/Dialog.json", body)["_id"]
        self._dialogs[dialog_id], self._messages[dialog_id] = self.sender, []
        for number in range(1, messages + 1):
            self.say(dialog_id, f"message {number}")
        return Talk(dialog_id, tuple(self._messages[dialog_id]))

    def say(self, dialog_id: str, text: str, by: Actor | None = None) -> dict[str, Any]:
        """A new message of the sender, or of another; answers it."""
        made = self._made(ALL, {"chat_dialog_id": dialog_id, "message": text}, by)
        self._messages[dialog_id].append(made["_id"])
        return made

    def _made(self, path: str, body: Mapping[str, Any], by: Actor | None = None) -> dict[str, Any]:
        heard = self.chat.call("POST", path, headers=self.headers(by or self.sender), body=body)
        if not heard.is_good or not isinstance(heard.document, dict):
            raise CannotTryError(f"POST {path} answered {heard.short}")
        return heard.document

    def get(self, path: str, actor: Actor | None = None, **query: str) -> Heard:
        """A GET, as the reader unless told otherwise; raises CannotTryError unless it is answered with a 2xx."""
        heard = self.chat.call("GET", path, headers=self.headers(actor or self.reader), query=query)
        if not heard.is_good:
            raise CannotTryError(f"GET {path} answered {heard.short}")
        return heard

    def put(
        self, talk: Talk, *ids: str, by: Actor | None = None, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> Heard:
        """A PUT of our own making, as the reader unless told otherwise: for what the worker never sends."""
        path = ONE.format(",".join(ids)) if ids else ALL
        credentials = self.headers(by or self.reader) if headers is None else headers
        return self.chat.call("PUT", path, headers=credentials, body={"chat_dialog_id": talk.id, **fields})

    def mark(self, talk: Talk, flags: str, *ids: str, by: Actor | None = None) -> None:
        """A mark, the worker's own way; raises DiffersError unless it is taken."""
        self._send(by or self.reader, talk, ids, flags, None)

    def edit(self, talk: Talk, message_id: str, text: str, by: Actor | None = None) -> None:
        """An edit by the sender, or by another, the worker's own way; raises DiffersError unless it is taken."""
        self._send(by or self.sender, talk, (message_id,), "", text)

    def _send(self, actor: Actor, talk: Talk, ids: tuple[str, ...], flags: str, text: str | None) -> None:
        name = f"u{actor.user_id}" if actor.token is None else f"s{actor.user_id}"
        verdict = self.chat.send(Put(talk.id, ids, flags, name, actor.token, text))
        if isinstance(verdict, Unavailable):
            raise CannotTryError(verdict.reason)
        if not isinstance(verdict, Sent):
            words = verdict.words if isinstance(verdict, Rejected) else ""
            raise DiffersError(f"refused: {getattr(verdict, 'status', '')} {words}".strip())

    # What is seen ---------------------------------------------------------------------------------------------------

    def look(self, talk: Talk) -> list[dict[str, Any]]:
        """The messages, oldest first, as the sender lists them: that marks nothing for the reader."""
        page = self.get(ALL, self.sender, chat_dialog_id=talk.id, mark_as_read="0").document
        by_id = {item["_id"]: item for item in page["items"]}
        return [by_id[one] for one in talk.ids if one in by_id]

    def readers(self, talk: Talk) -> list[set[str]]:
        """Who has read each message."""
        return [self._names(item["read_ids"]) for item in self.look(talk)]

    def receivers(self, talk: Talk) -> list[set[str]]:
        """Whom each message was delivered to."""
        return [self._names(item["delivered_ids"]) for item in self.look(talk)]

    def unread(self, talk: Talk) -> int:
        """How many messages the reader has not read."""
        return int(self.get("/chat/Message/unread.json", chat_dialog_ids=talk.id).document[talk.id])

    def _names(self, user_ids: list[int]) -> set[str]:
        names = {actor.user_id: actor.name for actor in (self.reader, self.sender)}
        return {names.get(one, "somebody else") for one in user_ids}

    # Afterwards -----------------------------------------------------------------------------------------------------

    def clear(self) -> list[str]:
        """Take the dialogs away with their messages; answers which are left and why, and keeps those in mind."""
        left = {one: self._why_left(one) for one in self._dialogs}
        self._dialogs = {one: self._dialogs[one] for one, why in left.items() if why}
        return [f"dialog {one}: {why}" for one, why in left.items() if why]

    def clean(self) -> list[str]:
        """Take everything away, sessions last; answers what is left and why."""
        return self.clear() + self.end_sessions()

    def _why_left(self, dialog_id: str) -> str:
        headers, path = self.headers(self._dialogs[dialog_id]), f"/chat/Dialog/{dialog_id}.json"
        if ids := ",".join(self._messages[dialog_id]):
            self._status("DELETE", ONE.format(ids), headers, force=True)  # what is left of them goes with the dialog
        deleted = self._status("DELETE", path, headers, force=True)
        seen = self._status("GET", path, headers)
        return "" if seen in _GONE else f"DELETE answered {deleted}, and a GET {seen}"

    def _status(self, method: str, path: str, headers: Mapping[str, str], *, force: bool = False) -> int | str:
        # As QuickBlox' own client says it: for everybody, in a form.
        body = {"force": "1"} if force else None
        try:
            return self.chat.call(method, path, headers=headers, body=body, form=force).status
        except CannotTryError as error:
            return str(error)
