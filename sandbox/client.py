"""The Python side of `/_sandbox/`, for tests and the demo. It imports nothing of the server."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import requests

PAGE = 2_000
TIMEOUT_S = 90.0  # above the longest wait that the sandbox allows


class SandboxError(Exception):
    """The sandbox refused a control call; the text says which field and why."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the chat API, as the sandbox saw it.

    Attributes:
        seq: Its number in order of arrival.
        arrived: Unix seconds.
        ended: Unix seconds; None while it is open.
        method: In upper case.
        path: Without the query.
        query: The raw query string.
        headers: By lower-case name.
        body: As it came.
        status: What was answered; None for a call that hung, was reset, or left before its answer.
        applied: Whether it was a PUT, POST or DELETE whose meaning was carried out.
        applied_at: When, in unix seconds; None unless it was.
        user_id: The acting user, where one was found.
    """

    seq: int
    arrived: float
    ended: float | None
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    status: int | None
    applied: bool
    applied_at: float | None
    user_id: int | None


class SandboxClient:
    """Turns a running sandbox.

    Args:
        base_url: Where it listens, e.g. `http://127.0.0.1:8090`.

    Every method raises `SandboxError` when the sandbox refuses, and `requests.RequestException` when it cannot be
    reached.
    """

    def __init__(self, base_url: str) -> None:
        self._control_url = f"{base_url.rstrip('/')}/_sandbox"
        self._http = requests.Session()
        self._http.trust_env = False  # a proxy of the environment must not stand before the loopback

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def health(self) -> dict[str, str]:
        """Return `{"status": "ok"}`."""
        return dict(self._call("GET", "/health"))

    def faults(self, **fields: Any) -> dict[str, Any]:
        """Put a whole new set of faults in force and return it; fields left out return to their defaults.

        Args:
            fields: See `sandbox.faults.Faults`.
        """
        return dict(self._call("PUT", "/faults", fields))

    def clear_faults(self) -> None:
        """Let the sandbox behave well again."""
        self._call("DELETE", "/faults")

    def build_world(
        self,
        users: Iterable[int] = (),
        dialogs: Iterable[Mapping[str, Any]] = (),
        messages: Iterable[Mapping[str, Any]] = (),
        logins: Iterable[Mapping[str, Any]] = (),
    ) -> dict[str, int]:
        """Add to the world, all or nothing; returns how many users, dialogs and messages were added.

        Args:
            users: User ids.
            dialogs: `_id`, `type`, `occupants_ids`, and if wanted `name`, `user_id`.
            messages: `_id`, `chat_dialog_id`, `sender_id`, `message`, and if wanted `date_sent`.
            logins: `user_id`, `login`, `password` of users who log in with `POST /session.json`.
        """
        world = {"users": [*users], "logins": [*logins], "dialogs": [*dialogs], "messages": [*messages]}
        return dict(self._call("POST", "/world", world))

    def world(self) -> dict[str, list[dict[str, Any]]]:
        """Return `{"dialogs": […], "messages": […]}`, in full."""
        return dict(self._call("GET", "/world"))

    def clear_world(self) -> None:
        """Forget users, dialogs and messages."""
        self._call("DELETE", "/world")

    def message(self, message_id: str) -> dict[str, Any]:
        """Return one message in full; this is not journalled and marks nothing."""
        return dict(self._call("GET", f"/messages/{message_id}"))

    def session(self, user_id: int, token: str | None = None, expires_in_s: float | None = None) -> str:
        """Open a session and return its token.

        Args:
            user_id: Whose session.
            token: The token to use; None lets the sandbox make one.
            expires_in_s: How long it lives after its last request; None means two hours.
        """
        wanted = {"user_id": user_id, "token": token, "expires_in_s": expires_in_s}
        return str(self._call("POST", "/sessions", {k: v for k, v in wanted.items() if v is not None})["token"])

    def expire(self, token: str) -> None:
        """End a session at once."""
        self._call("DELETE", f"/sessions/{token}")

    def offer(
        self, plays: Iterable[Mapping[str, str]], playing: Iterable[str], receipts: Mapping[str, int] | None
    ) -> None:
        """Say what the page's buttons play, what is being played, and how the receipts stand.

        Args:
            plays: `name`, `label`, `does` of each.
            playing: Names.
            receipts: `recorded`, `covered`, `dead`, `pending`, `in_flight`; None where nobody counts them.
        """
        self._call("PUT", "/plays", {"plays": [*plays], "playing": [*playing], "receipts": receipts})

    def pressed(self) -> list[str]:
        """Return the names of the buttons pressed since the last call."""
        return list(self._call("GET", "/plays")["pressed"])

    def journal(self, after: int = 0, wait_s: float = 0.0) -> list[Call]:
        """Return all calls that arrived after the one with that number.

        Args:
            after: A call's `seq`; 0 for all that are kept.
            wait_s: How long to wait for the first of them, at most 60.
        """
        calls: list[Call] = []
        while items := self._page(calls[-1].seq if calls else after, 0.0 if calls else wait_s):
            calls += items
        return calls

    def clear_journal(self) -> None:
        """Forget all calls, and start the counts anew."""
        self._call("DELETE", "/journal")

    def counts(self, idle_s: float = 0.0) -> dict[str, Any]:
        """Return the counts since the journal was last cleared.

        Args:
            idle_s: How long to wait for every open call to end, at most 60.

        Returns:
            `calls`, `puts`, `applied`, `by_status`, `peak_per_s`, `peak_accepted_per_s`, `open`, `cpu_s`.
        """
        return dict(self._call("GET", f"/counts?idle_s={idle_s}"))

    def _page(self, after: int, wait_s: float) -> list[Call]:
        page = self._call("GET", f"/journal?after={after}&limit={PAGE}&wait_s={wait_s}")
        return [Call(**item) for item in page["items"]]

    def _call(self, method: str, path: str, document: Any = None) -> Any:
        answer = self._http.request(method, self._control_url + path, json=document, timeout=TIMEOUT_S)
        if not answer.ok:
            raise SandboxError(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None
