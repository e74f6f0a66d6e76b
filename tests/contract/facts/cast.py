"""Who acts on a stage: two users, through sessions or an API key, and the sessions that are opened and ended."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.contract.facts.access import Access
from tests.contract.facts.chat import Chat, Heard
from tests.contract.facts.fact import CannotTryError
from worker.login import Opened, Refused
from worker.signing import Credentials, session_request, signature

_NO_SESSION = 401


@dataclass(frozen=True)
class Actor:
    """Whom a call is made for.

    Attributes:
        name: "reader" or "sender".
        token: Of its session; None for the API key.
    """

    name: str
    user_id: int
    token: str | None = field(default=None, repr=False)


class Cast:
    """The users of one application; each is let in when it is first asked for.

    Args:
        access: Which application, and as whom.
        chat: Its API.
    """

    def __init__(self, access: Access, chat: Chat) -> None:
        self.access, self.chat = access, chat
        self._tokens: list[str] = []

    @cached_property
    def reader(self) -> Actor:
        """Who reads: through a session where there are logins, else through the API key."""
        return self._actor("reader", self.access.reader, 0)

    @cached_property
    def sender(self) -> Actor:
        """Who sends, and owns the dialogs."""
        return self._actor("sender", self.access.sender, 1)

    def by_key(self, actor: Actor) -> Actor:
        """The same user through the API key; raises CannotTryError without one."""
        if self.access.api_key is None:
            raise CannotTryError("there is no API key")
        return Actor(actor.name, actor.user_id)

    def by_token(self, actor: Actor) -> Actor:
        """The same user through a session; raises CannotTryError without logins."""
        if actor.token is None:
            raise CannotTryError("there are no logins")
        return actor

    def logins(self) -> tuple[Credentials, Credentials]:
        """Reader's and sender's; raises CannotTryError without."""
        if self.access.reader is None or self.access.sender is None:
            raise CannotTryError("there are no logins")
        return self.access.reader, self.access.sender

    def _actor(self, name: str, credentials: Credentials | None, place: int) -> Actor:
        if credentials is not None:
            opened = self.chat.log_in(credentials)
            if not isinstance(opened, Opened):
                status = f"{opened.status}" if isinstance(opened, Refused) else getattr(opened, "reason", "429")
                raise CannotTryError(f"the {name} cannot log in: {status}")
            self._tokens.append(opened.token)
            return Actor(name, opened.user_id, opened.token)
        if self.access.user_ids is None:
            raise CannotTryError("there are no logins")
        return Actor(name, self.access.user_ids[place])

    def headers(self, actor: Actor) -> dict[str, str]:
        """The credentials of a call."""
        if actor.token is not None:
            return {"QB-Token": actor.token}
        return {"Authorization": f"ApiKey {self.access.api_key}", "On-Behalf-Of": str(actor.user_id)}

    # Sessions -------------------------------------------------------------------------------------------------------

    def signed(self, credentials: Credentials | None, timestamp: int | None = None) -> dict[str, Any]:
        """The body of a session request; without a user for None."""
        whose = credentials or self.logins()[0]
        at = int(time.time()) if timestamp is None else timestamp
        request = session_request(whose, at, secrets.randbelow(2**31))
        if credentials is None:
            del request["user"], request["signature"]
            request["signature"] = signature(whose.auth_secret, request)
        return dict(request)

    def open(self, body: Mapping[str, Any]) -> Heard:
        """`POST /session.json`; a session that comes of it is noted."""
        heard = self.chat.call("POST", "/session.json", body=body)
        if heard.is_good and isinstance(heard.document, dict):
            self._tokens.append(str(heard.document["session"]["token"]))
        return heard

    def end_sessions(self) -> list[str]:
        """End every session that was opened; answers which are left and why."""
        left = []
        for token in self._tokens:
            try:
                heard = self.chat.call("DELETE", "/session.json", headers={"QB-Token": token})
            except CannotTryError as error:
                left.append(f"a session: {error}")
                continue
            if not heard.is_good and heard.status != _NO_SESSION:
                left.append(f"a session: {heard.short}")
        self._tokens.clear()
        return left
