"""Logging in: one `POST /session.json`, and what its answer means. Nothing is raised for what the API does.

Opened       2xx with a token and a user
Refused      401, 403, 404, 422 and other 4xx: password, signature, application or clock
Throttled    429
Unavailable  5xx, 408, 3xx, timeouts, refused, reset; a 2xx that is no session

How long a session lives is taken from the answer where it says so, by the API's own two dates: neither the worker's
clock nor Redis' has a say in it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from receipt_sync import validation
from worker.chat_api import Answer, ChatApi
from worker.signing import Credentials, session_request
from worker.verdicts import Throttled, Unavailable

PATH = "/session.json"
LIFETIME_S = 7200.0
_NONCES = 2**31
_TIMEOUT, _THROTTLED = 408, 429


@dataclass(frozen=True, slots=True)
class Opened:
    """A session: its token, its user, and for how many seconds it is good, two hours at most."""

    token: str = field(repr=False)
    user_id: int
    lifetime_s: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The API will not open a session for these credentials.

    Attributes:
        status: of the answer.
        ahead_s: how far the API's clock is before the timestamp that was sent; None where the answer bears no date.
    """

    status: int
    ahead_s: float | None


LoginVerdict = Opened | Refused | Throttled | Unavailable


def log_in(api: ChatApi, credentials: Credentials, timestamp: int, start_by_s: float) -> LoginVerdict:
    """Asks for a session.

    Args:
        api: the application's chat API.
        credentials: who logs in.
        timestamp: unix seconds, by the API's clock as far as it is known.
        start_by_s: local monotonic time by which the call must have begun.

    Raises:
        worker.deadline.TooLateError: it could not; nothing was sent.
    """
    request = session_request(credentials, timestamp, secrets.randbelow(_NONCES))
    body = json.dumps(request, ensure_ascii=False).encode()
    answer = api.call("POST", PATH, body, {}, start_by_s)
    return answer if isinstance(answer, Unavailable) else verdict_of(answer, timestamp)


def verdict_of(answer: Answer, timestamp: int) -> LoginVerdict:
    """What an answer to a request of this timestamp means."""
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - the 2xx
        return _opened(answer)
    if status == _THROTTLED:
        return Throttled(answer.retry_after_s())
    if 400 <= status < 500 and status != _TIMEOUT:  # noqa: PLR2004 - the 4xx
        date = _date(answer.headers.get("Date"))
        return Refused(status, None if date is None else date.timestamp() - timestamp)
    return Unavailable(f"status {status}", answer.retry_after_s())


def _opened(answer: Answer) -> Opened | Unavailable:
    try:
        session = json.loads(answer.body)["session"]
        token, user_id = validation.token(session["token"]), validation.user_id(session["user_id"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return Unavailable("an answer that is no session of a user")
    return Opened(token, user_id, lifetime_s(answer.headers))


def lifetime_s(headers: Mapping[str, str]) -> float:
    """How long the session is good: `QB-Token-ExpirationDate` [B] less `Date`, at most the documented two hours.

    A session that has just been opened is not over: dates that say so, or cannot be read, do not count.
    """
    ends, now = _expiration(headers.get("QB-Token-ExpirationDate")), _date(headers.get("Date"))
    left_s = (ends - now).total_seconds() if ends and now else 0.0
    return min(left_s, LIFETIME_S) if left_s > 0 else LIFETIME_S


def _expiration(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text or "", "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    except ValueError:
        return None


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
