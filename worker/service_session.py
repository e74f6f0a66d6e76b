"""The service session: where an application has no API key, its one user's receipts go through a session of ours.

A session acts as its user and as nobody else. So it carries receipts of that user that bring no token, marks and edits
alike; those of other users it does not touch: they would be marked for the wrong person.

One session serves all workers, and one of them renews it (session_store.py, docs/decisions/0019-service-session.md).
Logging in is a call like any other: it takes the place of the PUT of the claim that came upon it, which is handed back
and sent by the next one. So the pace counts it and hears its answer, and a lease covers it. While one worker is at it
the others go on with the old token, or where there is none hand their claims back.

What may go wrong: the API refuses the login → nobody asks again for `RECEIPTS_UNAUTHORIZED_HOLD_S`, the user's receipts
wait, those that bring tokens do not. It does not answer → the next attempt waits, twice as long each time. The renewer
dies → its lock runs out. The token is refused → forgotten, and a session is made at once; again as soon as
it was made → ever less often, down to once a minute. No receipt of the user is given up for any of this.
"""

from __future__ import annotations

import logging
import math
import uuid
from dataclasses import dataclass, replace

import redis

from receipt_sync.actors import API_KEY
from worker.chat_api import ChatApi
from worker.deadline import TooLateError
from worker.login import Opened, Refused, log_in
from worker.logs import events
from worker.plan import Put
from worker.session_store import Lent, NotOurs, Renew, SessionStore, Wait
from worker.signing import Credentials
from worker.verdicts import (
    LOGGED_IN,
    LOGIN_REFUSED,
    UNAVAILABLE,
    Throttled,
    Unauthorized,
    Unavailable,
    Unsent,
    Verdict,
)

log = logging.getLogger(__name__)

# The API takes a timestamp that is an hour off [A]. A refusal whose date is further away than this may be due to it.
_CLOCK_S = 60.0
_REDIS_AWAY_S = 1.0
# From here on it is no accident.
_REFUSED_YOUNG = 3


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why no session was made, and how long the shortest and the longest wait is before the next attempt."""

    kind: str
    reason: str
    least_s: float = 1.0
    most_s: float = 60.0


@dataclass(slots=True)
class ServiceSession:
    """Sends PUTs as `ChatApi` does, those of the session's user through the session.

    Args:
        application: its name, for log lines.
        api: the application's chat API.
        store: the session as all workers share it.
        credentials: who logs in.
        refused_hold_s: how long a refused login is not tried again.
    """

    application: str
    api: ChatApi
    store: SessionStore
    credentials: Credentials
    refused_hold_s: float

    def send(self, put: Put, start_by_s: float = math.inf) -> Verdict:
        """As `ChatApi.send`; `Unsent` where the call was spent on a session, or where there is none."""
        if put.token is not None or not put.actor.startswith(API_KEY):
            return self.api.send(put, start_by_s)
        try:
            found = self.store.look(put.actor.removeprefix(API_KEY), uuid.uuid4().hex)
            match found:
                case Lent():
                    return self._send_with(found, put, start_by_s)
                case Renew():
                    return self._renew(found, start_by_s)
                case Wait():
                    return Unsent("no service session", found.again_s)
                case NotOurs():
                    return self.api.send(put, start_by_s)
        except redis.RedisError as error:
            return Unsent(f"the service session is out of reach: {type(error).__name__}", _REDIS_AWAY_S)

    def end_overdue(self) -> int:
        """As `ChatApi.end_overdue`."""
        return self.api.end_overdue()

    def end_all(self) -> int:
        """As `ChatApi.end_all`."""
        return self.api.end_all()

    def _send_with(self, lent: Lent, put: Put, start_by_s: float) -> Verdict:
        verdict = self.api.send(replace(put, token=lent.token), start_by_s)
        if not isinstance(verdict, Unauthorized):
            return verdict
        young, again_s = self.store.forget(lent)
        if young == _REFUSED_YOUNG:
            events.SESSION_REFUSED_YOUNG.say(log, application=self.application)
        elif 0 <= young < _REFUSED_YOUNG:
            events.SESSION_REFUSED.say(log, application=self.application)
        return Unauthorized("the service session was refused", again_s=again_s)

    def _renew(self, renew: Renew, start_by_s: float) -> Verdict:
        timestamp = round(renew.now_s + renew.ahead_s)
        try:
            verdict = log_in(self.api, self.credentials, timestamp, start_by_s)
        except TooLateError:
            self.store.release(renew)
            raise
        match verdict:
            case Opened():
                return self._opened(renew, verdict)
            case Refused():
                return self._refused(renew, verdict)
            case Throttled():
                self._failed(renew, _Trouble("throttled", "status 429"))
                return verdict
            case Unavailable():
                return self._failed(renew, _Trouble("unavailable", verdict.reason))

    def _opened(self, renew: Renew, opened: Opened) -> Unsent:
        if self.store.keep(renew, opened):
            events.SESSION_AGAIN.say(log, application=self.application)
        return Unsent("its call went into making the service session", 0.0, LOGGED_IN)

    def _refused(self, renew: Renew, refused: Refused) -> Unsent:
        if refused.ahead_s is not None and abs(refused.ahead_s) > _CLOCK_S:
            # The next attempt goes by the API's clock: if that was it, it costs a second.
            trouble = _Trouble("clock", f"status {refused.status}, {refused.ahead_s:+.0f} s by its clock")
            return self._failed(replace(renew, ahead_s=renew.ahead_s + refused.ahead_s), trouble)
        hold_s = self.refused_hold_s
        return self._failed(renew, _Trouble("refused", f"status {refused.status}", hold_s, hold_s))

    def _failed(self, renew: Renew, trouble: _Trouble) -> Unsent:
        new, again_s = self.store.fail(renew, trouble.kind, trouble.least_s, trouble.most_s)
        if new:
            # An error is an alert; what passes by itself is none.
            event = events.LOGIN_REFUSED if trouble.kind == "refused" else events.LOGIN_FAILED
            event.say(log, application=self.application, reason=f"{trouble.kind}: {trouble.reason}")
        login = UNAVAILABLE if trouble.kind == "unavailable" else LOGIN_REFUSED
        return Unsent(f"no service session: {trouble.kind}", again_s, login)
