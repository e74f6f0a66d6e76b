"""Verdicts: the five meanings that an answer of the API, or a failure to get one, can have; and that nothing was sent.

Sent           2xx                                          covered
Rejected       400, 403, 404, 422 and other 4xx             never again: dead letter with the API's words
Throttled      429                                          the application holds; costs no attempt
Unavailable    5xx, 408, 3xx, timeouts, refused, reset      again, with backoff
Unauthorized   401                                          the API key's application holds; the session's actor waits
Unsent         no PUT was made: no service session now      again, soon; costs no attempt

A verdict is made in worker/chat_api.py or worker/service_session.py, acted on in worker/acting.py, and nowhere else.
Statuses: the API's documentation names 400, 401, 403, 404, 422, 429, 500 and 503; 502 has been seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a log line tells of the answer beside its meaning; two answers that mean the same are equal.

    Attributes:
        status: of the answer; None where none came.
        request_id: its X-Request-Id, by which QuickBlox' support finds the call; '' where there was none.
    """

    status: int | None = field(default=None, compare=False)
    request_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Sent(Answered):
    """The API accepted the PUT."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The API will never accept it. `words` are its own and may be private: for the dead letter alone."""

    status: int
    words: str = field(repr=False)
    request_id: str


@dataclass(frozen=True, slots=True)
class Throttled(Answered):
    """Above the rate. `retry_after_s` as the API said, None where it did not, or not understandably."""

    retry_after_s: float | None


@dataclass(frozen=True, slots=True)
class Unavailable(Answered):
    """No answer, or one that says nothing about the PUT. `reason` holds nothing private.

    `in_doubt` says that it may have been applied, or may still be: all but a PUT that certainly never reached the API.
    """

    reason: str
    retry_after_s: float | None = None
    in_doubt: bool = True


@dataclass(frozen=True, slots=True)
class Unauthorized(Answered):
    """The credentials were refused, or there are none to send (`configured` False).

    `again_s` is for a service session that was refused: when there may be another; None for all other credentials.
    """

    reason: str
    configured: bool = True
    again_s: float | None = None


LOGGED_IN, LOGIN_REFUSED, UNAVAILABLE = "logged_in", "login_refused", "unavailable"


@dataclass(frozen=True, slots=True)
class Unsent:
    """The PUT was not sent: there is no service session, or its call was spent on making one.

    Attributes:
        reason: holds nothing private.
        again_s: when to try again.
        login: what became of the login that was made in its place: LOGGED_IN, LOGIN_REFUSED, or UNAVAILABLE, which
            the breaker takes as it takes the same answer to a PUT; '' where the API was not asked.
    """

    reason: str
    again_s: float
    login: str = ""


Verdict = Sent | Rejected | Throttled | Unavailable | Unauthorized | Unsent


def name(verdict: Verdict) -> str:
    """The verdict's name in counts and logs: `sent`, `rejected`, `throttled`, `unavailable` or `unauthorized`."""
    return type(verdict).__name__.lower()
