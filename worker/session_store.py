"""The service session as all workers share it: the one place that writes its token to Redis, and reads it there."""

from __future__ import annotations

import hashlib
import hmac
import random
from dataclasses import dataclass, field
from typing import Any

import redis

from receipt_sync import keys, validation
from receipt_sync.functions import Function
from receipt_sync.sealing import TokenSeal, owner_of
from worker.ledger import functions
from worker.login import Opened
from worker.signing import Credentials

# Whose its token is: no actor's name.
_SESSION = "session"

# When a quarter of its life is left: half an hour of two. A little spread, so that applications whose workers started
# together do not all log in at once.
_RENEW_AFTER, _RENEW_SPREAD = 0.75, 0.05


@dataclass(frozen=True, slots=True)
class Lent:
    """A token to send with; `session_id` names it without showing it."""

    session_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Renew:
    """The caller holds the lock, and makes a session.

    Attributes:
        owner: the lock's; to be given to `keep` or `fail`.
        now_s: unix seconds by Redis' clock, the same for all workers.
        ahead_s: how far the API's clock is before Redis', as far as is known.
    """

    owner: str
    now_s: float
    ahead_s: float


@dataclass(frozen=True, slots=True)
class Wait:
    """There is no session, and another worker makes one, or it is too early to ask again."""

    again_s: float


@dataclass(frozen=True, slots=True)
class NotOurs:
    """The session is another user's."""


def digest_of(credentials: Credentials, base_url: str) -> str:
    """Tells credentials apart, and nothing of them can be read or guessed from it."""
    parts = (base_url, credentials.application_id, credentials.auth_key, credentials.login, credentials.password)
    return hmac.new(credentials.auth_secret.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()[:32]


class SessionStore:
    """One application's session. Every method is one step, atomic in Redis, and raises redis.RedisError.

    Args:
        client: the ledger's Redis; answers must be bytes.
        application: name of the application.
        of: whose credentials (`digest_of`).
        lock_ms: how long one worker may take to make a session: the longest request and a margin.
        seal: what its token is sealed with while it lies in Redis.
    """

    def __init__(
        self, client: redis.Redis, application: str, *, of: str, lock_ms: int, seal: TokenSeal | None = None
    ) -> None:
        self._redis = client
        self._prefix = keys.prefix(application)
        self._of = of
        self._lock_ms = lock_ms
        self._seal = seal or TokenSeal()
        self._owner = owner_of(self._prefix, _SESSION)

    def look(self, user_id: str, owner: str) -> Lent | Renew | Wait | NotOurs:
        """What to do for a PUT of this user; `owner` is a word that is unique to this call."""
        kind, *rest = self._call(functions.SERVICE_LOOK, self._of, user_id, owner, self._lock_ms)
        match kind:
            case b"use":
                return self._lent(*rest)
            case b"renew":
                return Renew(owner, int(rest[0]) / 1000, float(rest[1]))
            case b"wait":
                return Wait(int(rest[0]) / 1000)
            case _:
                return NotOurs()

    def _lent(self, session_id: bytes, token: bytes) -> Lent | Wait:
        try:
            return Lent(session_id.decode(), validation.token(self._seal.open(token.decode(), self._owner)))
        except ValueError:  # sealed with a key that is not here, or another hand's: another is made
            _, wait_ms = self._call(functions.SERVICE_FORGET, session_id)
            return Wait(int(wait_ms) / 1000)

    def keep(self, renew: Renew, opened: Opened) -> bool:
        """Stores a session that was made; answers whether a trouble has ended with it."""
        life_ms = max(1, round(opened.lifetime_s * 1000))
        renew_ms = round(life_ms * (_RENEW_AFTER - random.random() * _RENEW_SPREAD))
        sealed = self._seal.seal(opened.token, self._owner)
        made = (sealed, opened.user_id, life_ms, renew_ms, repr(renew.ahead_s))
        return bool(self._call(functions.SERVICE_KEEP, renew.owner, self._of, *made))

    def fail(self, renew: Renew, trouble: str, least_s: float, most_s: float) -> tuple[bool, float]:
        """No session was made, for this reason; answers whether that is new, and seconds until the next attempt."""
        wait = (round(least_s * 1000), round(most_s * 1000), repr(random.random()))
        new, wait_ms = self._call(functions.SERVICE_FAIL, renew.owner, self._of, trouble, *wait, repr(renew.ahead_s))
        return bool(new), int(wait_ms) / 1000

    def forget(self, lent: Lent) -> tuple[int, float]:
        """The token was refused.

        Returns:
            How many in a row were refused within a minute of their making, -1 where it was no longer the session; and
            seconds until another may be asked for.
        """
        young, wait_ms = self._call(functions.SERVICE_FORGET, lent.session_id)
        return int(young), int(wait_ms) / 1000

    def release(self, renew: Renew) -> None:
        """The API was not asked: another may."""
        self._call(functions.SERVICE_FAIL, renew.owner, self._of, "", 0, 0, "0", "0")

    def _call(self, function: Function, *arguments: str | int | bytes) -> Any:
        return function.call(self._redis, self._prefix, *arguments)
