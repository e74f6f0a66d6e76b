"""The API as the facts call it: slowly, politely after a 429, and remembering every answer's outside."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

import requests
from requests.utils import get_environ_proxies

from tests.contract.facts.access import Access
from tests.contract.facts.fact import CannotTryError
from worker.answers import retry_after_s, words_of
from worker.chat_api import ChatApi, Endpoint
from worker.login import LoginVerdict, log_in
from worker.plan import Put
from worker.signing import Credentials
from worker.verdicts import Throttled, Verdict

Told = TypeVar("Told")

CALLS_PER_S = 20.0  # a quarter of the smallest plan: the application may be at work
CONNECT_S, READ_S = 10.0, 30.0
_TRIES = 6
_LONGEST_PAUSE_S = 30.0
_THROTTLED, _FAILED = 429, 500


@dataclass(frozen=True)
class Heard:
    """One answer.

    Attributes:
        headers: In any case.
        said: The API's words, without what was secret in the call.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    said: str

    @property
    def is_good(self) -> bool:
        """Whether it is one of the 2xx."""
        return 200 <= self.status < 300

    @property
    def document(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def short(self) -> str:
        """Status and words, for people."""
        return f"{self.status} {self.said}".strip()


class Chat:
    """One application's API.

    Attributes:
        heard: Every answer to a call that was not made by the worker's own code.
    """

    def __init__(self, access: Access, calls_per_s: float = CALLS_PER_S) -> None:
        self._access = access
        self._api = ChatApi(Endpoint(access.endpoint, access.api_key, CONNECT_S, READ_S, access.ca_file))
        self._http = requests.Session()
        self._http.trust_env = False  # of the environment its proxies alone: no netrc, no other authority
        self._http.proxies = get_environ_proxies(access.endpoint)
        self._http.verify = access.ca_file or True
        self._between_s, self._next_s = 1 / calls_per_s, 0.0
        self.heard: list[Heard] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        form: bool = False,
    ) -> Heard:
        """Make one call.

        Args:
            headers: Credentials.
            body: Sent as JSON, or as a form.

        Raises:
            CannotTryError: No answer came, a 5xx, or nothing but 429.
        """

        def once() -> Heard:
            payload: dict[str, Any] = {} if body is None else ({"data": body} if form else {"json": body})
            answer = self._http.request(
                method,
                self._access.endpoint + path,
                headers=dict(headers or {}),
                params=query,
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                **payload,
            )
            private = (*self._access.secrets, (headers or {}).get("QB-Token", ""))
            said = words_of(answer.content, tuple(secret for secret in private if secret))
            heard = Heard(answer.status_code, answer.headers, answer.content, said)
            self.heard.append(heard)
            return heard

        heard = self._patiently(once, lambda told: told.status == _THROTTLED, _asked_to_wait)
        if heard.status >= _FAILED:
            raise CannotTryError(f"answered {heard.short}")
        return heard

    def send(self, put: Put) -> Verdict:
        """Send a PUT the worker's own way; raises CannotTryError as `call` does."""
        return self._patiently(
            lambda: self._api.send(put), lambda verdict: isinstance(verdict, Throttled), _verdict_asked_to_wait
        )

    def log_in(self, credentials: Credentials) -> LoginVerdict:
        """Open a session the worker's own way; raises CannotTryError as `call` does."""
        return self._patiently(
            lambda: log_in(self._api, credentials, int(time.time()), math.inf),
            lambda verdict: isinstance(verdict, Throttled),
            _verdict_asked_to_wait,
        )

    def _patiently(
        self, once: Callable[[], Told], throttled: Callable[[Told], bool], asked_s: Callable[[Told], float | None]
    ) -> Told:
        for tried in range(_TRIES):
            self._take_turn()
            try:
                told = once()
            except requests.RequestException as error:
                raise CannotTryError(f"no answer: {type(error).__name__}") from error
            if not throttled(told):
                return told
            pause_s = asked_s(told)
            # The API is the judge of its own rate: there is no event to wait for.
            time.sleep(min(2.0**tried if pause_s is None else pause_s, _LONGEST_PAUSE_S))
        raise CannotTryError(f"answered 429 {_TRIES} times")

    def _take_turn(self) -> None:
        now_s = time.monotonic()
        time.sleep(max(0.0, self._next_s - now_s))  # the pace itself, not a wait for something
        self._next_s = max(now_s, self._next_s) + self._between_s


def _asked_to_wait(heard: Heard) -> float | None:
    return retry_after_s(heard.headers.get("Retry-After"), datetime.now(UTC))


def _verdict_asked_to_wait(verdict: Verdict | LoginVerdict) -> float | None:
    return verdict.retry_after_s if isinstance(verdict, Throttled) else None
