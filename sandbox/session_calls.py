"""The calls on sessions, and on who is logged into one."""

from collections.abc import Callable

from sandbox.answers import EMPTY, Answer, json_answer
from sandbox.auth import Account, Caller, Gate
from sandbox.bodies import Fields, texts
from sandbox.errors import session_missing
from sandbox.faults import Faults
from sandbox.sessions import Session, Sessions

SESSION_PATH, LOGIN_PATH = "/session.json", "/login.json"

Handler = Callable[[Caller, Fields, Faults], Answer]


class SessionCalls:
    """`/session.json` and `/login.json`; all but opening a session need one, with or without a user."""

    def __init__(self, account: Account, gate: Gate, sessions: Sessions) -> None:
        self._account, self._gate, self._sessions = account, gate, sessions
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", SESSION_PATH): self.show,
            ("DELETE", SESSION_PATH): self.destroy,
            ("POST", LOGIN_PATH): self.log_in,
            ("DELETE", LOGIN_PATH): self.log_out,
        }

    def open(self, fields: Fields, faults: Faults) -> tuple[Session, Answer]:
        """`POST /session.json`, signed → 201 and the session [A]; raises ApiError."""
        session = self._gate.open_session(fields, faults)
        return session, self._answer(session, 201)

    def known(self) -> list[tuple[str, str]]:
        """Return method and path of all calls."""
        return [("POST", SESSION_PATH), *self._handlers]

    def methods(self, path: str) -> set[str]:
        """Return the methods that a path knows."""
        return {method for method, known in self.known() if known == path}

    def find(self, method: str, path: str) -> Handler | None:
        """Return the handler of a call on the caller's own session; None for every other call."""
        return self._handlers.get((method, path))

    def show(self, caller: Caller, _fields: Fields, _faults: Faults) -> Answer:
        """`GET /session.json` → the session [A]."""
        return self._answer(_session_of(caller), 200)

    def destroy(self, caller: Caller, _fields: Fields, _faults: Faults) -> Answer:
        """`DELETE /session.json` → an empty body; its token is refused from now on [A]."""
        self._sessions.destroy(_session_of(caller).token)
        return EMPTY

    def log_in(self, caller: Caller, fields: Fields, faults: Faults) -> Answer:
        """`POST /login.json`: `login` or `email`, and `password` → 202 and the user, whose session it is now [B]."""
        session, given = _session_of(caller), texts(fields, ("login", "email", "password"))
        session.user_id = self._gate.log_in(given, faults)
        given.pop("password", None)
        return json_answer({"user": {"id": session.user_id, **given}}, 202)

    def log_out(self, caller: Caller, _fields: Fields, _faults: Faults) -> Answer:
        """`DELETE /login.json`: the session goes on without its user, as the JS SDK describes it [B]."""
        _session_of(caller).user_id = None
        return EMPTY

    def _answer(self, session: Session, status: int) -> Answer:
        return json_answer({"session": session.document(self._account.application_id)}, status)


def _session_of(caller: Caller) -> Session:
    """Return the caller's session; raises ApiError 401 for a caller with an API key alone [C]."""
    if caller.session is None:
        raise session_missing()
    return caller.session
