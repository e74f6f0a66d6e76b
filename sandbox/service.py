"""The chat API itself: every call goes through here, from its arrival in the journal to its end."""

import asyncio
import time
import uuid
from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from sandbox.answers import Answer, front_server_page
from sandbox.asked import Asked
from sandbox.auth import Account, Caller, Gate
from sandbox.bodies import Fields, read_fields, read_query
from sandbox.errors import ApiError, need_user, not_allowed
from sandbox.faults import Draw, Fate, Faults, Misbehaviour
from sandbox.journal import Entry, Journal
from sandbox.line import CallerGoneError, Line
from sandbox.paths import Paths
from sandbox.session_calls import SESSION_PATH, SessionCalls
from sandbox.sessions import Session, Sessions
from sandbox.users import Users
from sandbox.world import World

CHANGING = frozenset({"PUT", "POST", "DELETE"})
NOBODY = Caller(None)


class ChatApi:
    """The chat API as an ASGI application, and the state it stands on.

    Attributes:
        ending: Set when the server ends; calls that wait for their latency wait no longer.
    """

    def __init__(self, account: Account) -> None:
        self.world = World()
        self.users = Users()
        self.sessions = Sessions()
        self.journal = Journal()
        self.misbehaviour = Misbehaviour()
        self.ending = asyncio.Event()
        self._gate = Gate(account, self.sessions, self.users)
        self._session_calls = SessionCalls(account, self._gate, self.sessions)
        self._paths = Paths(self.world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Attend to one call."""
        entry = self.journal.arrive(
            scope["method"], scope["path"], scope["query_string"].decode("latin-1"), scope["headers"]
        )
        try:
            await self._attend(Line(scope, receive, send), entry)
        except CallerGoneError:
            pass  # the journal shows a call without a status
        finally:
            self.journal.end(entry)

    async def _attend(self, line: Line, entry: Entry) -> None:
        draw = self.misbehaviour.draw(now_s := time.monotonic())
        if draw.applies:
            self.journal.counts.peak_accepted.add(now_s)
        entry.body = await line.body()
        await self._wait(draw.delay_s)
        if draw.fate is Fate.HUNG and draw.applies and draw.faults.lands_after_ms:
            self._land_later(entry, draw.faults)
            await line.gone()
            return
        answer = self._carry_out(entry, draw.faults) if draw.applies else _turned_away(draw)
        if draw.fate is Fate.HUNG:
            await line.gone()
        elif draw.fate is Fate.RESET:
            await line.reset()
        else:
            entry.status = answer.status
            await line.send(answer.with_header(b"x-request-id", str(uuid.uuid4())))

    def _land_later(self, entry: Entry, faults: Faults) -> None:
        """Carry a call out after its caller has given up, as a backend behind a front server does."""
        asyncio.get_running_loop().call_later(faults.lands_after_ms / 1000, self._carry_out, entry, faults)

    async def _wait(self, delay_s: float) -> None:
        if delay_s:
            try:
                await asyncio.wait_for(self.ending.wait(), delay_s)
            except TimeoutError:
                return

    def _carry_out(self, entry: Entry, faults: Faults) -> Answer:
        """Find the caller, do what it asks, and say so; a refusal has changed nothing."""
        headers = dict(entry.headers)
        caller = NOBODY
        try:
            self._refuse_method(entry)
            if (entry.method, entry.path) == ("POST", SESSION_PATH):
                answer = self._open_session(entry, headers, faults)
            else:
                caller = self._gate.admit(headers, faults)
                entry.user_id = caller.user_id
                answer = self._do(entry, headers, caller, faults)
            self._note_applied(entry)
        except ApiError as refusal:
            answer = refusal.answer()
        return _with_expiration(answer, caller.session)

    def known(self) -> list[tuple[str, str]]:
        """Return method and path of all calls that are imitated."""
        return [*self._session_calls.known(), *self._paths.known()]

    def _refuse_method(self, entry: Entry) -> None:
        methods = self._session_calls.methods(entry.path) or self._paths.methods(entry.path)
        if methods and entry.method not in methods:
            raise not_allowed(methods)

    def _do(self, entry: Entry, headers: Mapping[str, str], caller: Caller, faults: Faults) -> Answer:
        own = self._session_calls.find(entry.method, entry.path)
        if own is not None:
            return own(caller, _fields(entry, headers), faults)
        handler, ids = self._paths.find(entry.method, entry.path)
        if entry.user_id is None:
            raise need_user()
        return handler(Asked(entry.user_id, ids, _fields(entry, headers), read_query(entry.query), faults))

    def _open_session(self, entry: Entry, headers: Mapping[str, str], faults: Faults) -> Answer:
        session, answer = self._session_calls.open(_fields(entry, headers), faults)
        entry.user_id = session.user_id
        return _with_expiration(answer, session)

    def _note_applied(self, entry: Entry) -> None:
        if entry.method in CHANGING:
            entry.applied = True
            entry.applied_at = self.journal.now()
            self.journal.counts.applied += 1


def _fields(entry: Entry, headers: Mapping[str, str]) -> Fields:
    return read_fields(headers.get("content-type", ""), entry.body)


def _turned_away(draw: Draw) -> Answer:
    """Return what a front server says to a call that never reached the API."""
    status = {Fate.THROTTLED: 429, Fate.ERROR: draw.faults.error_status}.get(draw.fate, 503)
    answer = front_server_page(status)
    retry_after = draw.faults.retry_after
    return answer if retry_after is None else answer.with_header(b"retry-after", retry_after)


def _with_expiration(answer: Answer, session: Session | None) -> Answer:
    return answer if session is None else answer.with_header(b"qb-token-expirationdate", session.expiration_date())
