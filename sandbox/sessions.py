"""Session tokens: who holds one, and until when it lives."""

import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.records import Document, iso_time

LIFETIME_S = 2 * 3600.0  # after the last request [A]


@dataclass(slots=True)
class Session:
    """One session.

    Attributes:
        token: 40 hex digits unless its maker chose another; opaque to clients.
        user_id: Its user; None for a session of the application alone.
        lifetime_s: How long it lives after its last request.
        slides: Whether a request moves its end, as documented; if not, it is fixed when the session is opened.
        nonce: Of the request that opened it; 0 where none did.
        timestamp: The same.
        expires_at: Unix time of its end.
    """

    number: int
    token: str
    user_id: int | None
    lifetime_s: float
    created_at: float
    expires_at: float
    slides: bool = True
    nonce: int | str = 0
    timestamp: int = 0

    def document(self, application_id: int) -> Document:
        """Return it as the API shows it [A]; without a user its `user_id` is 0 [A]."""
        return {
            "_id": f"{int(self.created_at):08x}{self.number:016x}",
            "id": self.number,
            "application_id": application_id,
            "user_id": self.user_id or 0,
            "nonce": self.nonce,
            "token": self.token,
            "ts": self.timestamp,
            "created_at": iso_time(self.created_at),
            "updated_at": iso_time(self.created_at),
        }

    def expiration_date(self) -> str:
        """Return its end as `QB-Token-ExpirationDate` writes it: `2016-01-26 17:50:22 UTC` [B]."""
        return datetime.fromtimestamp(self.expires_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class Sessions:
    """All living sessions.

    Args:
        clock: Tells the unix time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._by_token: dict[str, Session] = {}
        self._numbers = itertools.count(1)

    def open(
        self, user_id: int | None, *, token: str | None = None, lifetime_s: float = LIFETIME_S, slides: bool = True
    ) -> Session:
        """Open a session; one with the same token is replaced.

        Args:
            user_id: Its user, None for the application alone.
            token: The token to use; None makes one.
            lifetime_s: How long it lives after its last request; 0 is expired from the start.
            slides: Whether requests prolong it.
        """
        now_s = self._clock()
        token = token or secrets.token_hex(20)
        session = Session(next(self._numbers), token, user_id, lifetime_s, now_s, now_s + lifetime_s, slides)
        self._by_token[token] = session
        return session

    def use(self, token: str) -> Session | None:
        """Return the session and let it live on from now; None when it is unknown or has expired."""
        session = self._by_token.get(token)
        if session is None:
            return None
        now_s = self._clock()
        if session.expires_at <= now_s:
            del self._by_token[token]
            return None
        if session.slides:
            session.expires_at = now_s + session.lifetime_s
        return session

    def destroy(self, token: str) -> bool:
        """End a session; returns whether there was one."""
        return self._by_token.pop(token, None) is not None
