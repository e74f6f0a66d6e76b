"""Who calls: session tokens, the API key on behalf of a user, and the signed request that opens a session."""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.bodies import Fields, flat, user_id
from sandbox.errors import invalid, need_user, session_missing, unauthorized, unknown_user
from sandbox.faults import Faults
from sandbox.sessions import Session, Sessions
from sandbox.users import Users

KEY_SCHEME = "ApiKey "
CLOCKS_APART_S = 3600  # a timestamp may be off by so much [A]
SESSION_FIELDS = ("application_id", "auth_key", "timestamp", "nonce", "signature")


@dataclass(frozen=True, slots=True)
class Account:
    """The credentials of the sandbox's one application; made up, and no secret.

    Attributes:
        api_key: What `Authorization: ApiKey …` must carry.
        auth_key: Names the application in `POST /session.json`.
        auth_secret: Signs that request.
        application_id: The application's number.
    """

    api_key: str = "sandbox-api-key"
    auth_key: str = "sandbox-auth-key"
    auth_secret: str = "sandbox-auth-secret"  # noqa: S105 - the sandbox's documented default
    application_id: int = 1


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the acting user, if there is one, and the session behind it, if a token was used."""

    user_id: int | None
    session: Session | None = None


def signature(auth_secret: str, fields: Mapping[str, object]) -> str:
    """Return the signature of a session request.

    Args:
        auth_secret: The application's secret.
        fields: The request's fields, nested or flat; a `signature` among them is left out.

    Returns:
        Hex HMAC-SHA1 over every other field as `name=value`, raw values, sorted, joined with `&` [A].
    """
    named = flat(fields)
    named.pop("signature", None)
    signed = "&".join(sorted(f"{name}={value}" for name, value in named.items()))
    return hmac.new(auth_secret.encode(), signed.encode(), hashlib.sha1).hexdigest()


class Gate:
    """Finds the caller of a call, and opens sessions.

    Args:
        account: The application's credentials.
        sessions: All living sessions.
        users: Who exists.
        clock: Tells the unix time in seconds.
    """

    def __init__(
        self, account: Account, sessions: Sessions, users: Users, clock: Callable[[], float] = time.time
    ) -> None:
        self._account = account
        self._sessions = sessions
        self._users = users
        self._clock = clock
        self._signed: set[tuple[str, str]] = set()

    def admit(self, headers: Mapping[str, str], faults: Faults) -> Caller:
        """Return the caller; a token is looked at first when both kinds of credentials come [?].

        Raises:
            ApiError: 401 for a bad token or key, 422 for a key without a user, 404 for a user who must not be created.
        """
        if "qb-token" in headers:
            return self._by_token(headers["qb-token"], faults)
        authorization = headers.get("authorization", "")
        if not authorization.startswith(KEY_SCHEME):
            raise session_missing()
        if faults.key_refused or authorization.removeprefix(KEY_SCHEME) != self._account.api_key:
            raise unauthorized()
        return self._on_behalf_of(headers, faults)

    def _by_token(self, token: str, faults: Faults) -> Caller:
        session = None if token in faults.expired_tokens else self._sessions.use(token)
        if session is None:
            raise session_missing()
        return Caller(session.user_id, session)

    def _on_behalf_of(self, headers: Mapping[str, str], faults: Faults) -> Caller:
        if "on-behalf-of" not in headers:
            raise need_user()
        user = user_id(headers["on-behalf-of"], "On-Behalf-Of")
        if not self._users.knows(user):
            if faults.unknown_users == "reject":
                raise unknown_user()
            self._users.add(user)
        return Caller(user)

    def open_session(self, fields: Fields, faults: Faults) -> Session:
        """Open the session that a signed request asks for.

        Raises:
            ApiError: 422 for a missing or wrong field or signature, a timestamp an hour off, or a nonce that came
                before with the same timestamp; 401 for a bad login.
        """
        named = flat(fields)
        self._check_application(named)
        self._check_freshness(named)
        given = _user_fields(named)
        user_id = self.log_in(given, faults) if given else None
        session = self._sessions.open(user_id, lifetime_s=faults.session_lifetime_s, slides=faults.session_slides)
        session.nonce, session.timestamp = _number(named["nonce"]), int(named["timestamp"])
        return session

    def _check_application(self, named: dict[str, str]) -> None:
        missing = next((name for name in SESSION_FIELDS if not named.get(name)), None)
        if missing:
            raise invalid(missing, "is required")
        for name, expected in (
            ("application_id", str(self._account.application_id)),
            ("auth_key", self._account.auth_key),
        ):
            if named[name] != expected:
                raise invalid(name, "is invalid")
        if named["signature"] != signature(self._account.auth_secret, named):
            raise invalid("base", "Unexpected signature")  # the words of the real server, quoted by its users

    def _check_freshness(self, named: dict[str, str]) -> None:
        timestamp, nonce = named["timestamp"], named["nonce"]
        if not timestamp.isdecimal() or abs(int(timestamp) - self._clock()) > CLOCKS_APART_S:
            raise invalid("base", "Bad timestamp")  # the words of the real server [B]
        if (timestamp, nonce) in self._signed:
            # The rule is documented [A]; the words are the sandbox's own.
            raise invalid("nonce", "was sent before with this timestamp")
        self._signed.add((timestamp, nonce))

    def log_in(self, given: Mapping[str, str], faults: Faults) -> int:
        """Return the user behind `login` or `email`, and `password`; raises ApiError 401 when there is none."""
        name = given.get("login") or given.get("email")
        if name is None:
            raise unauthorized()
        user = self._users.log_in(name, given.get("password", ""), create=faults.unknown_users == "create")
        if user is None:
            raise unauthorized()
        return user


def _user_fields(named: Mapping[str, str]) -> dict[str, str]:
    """Return what stands in `user[…]`, by its inner name."""
    return {name[len("user[") : -1]: value for name, value in named.items() if name.startswith("user[")}


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() else text
