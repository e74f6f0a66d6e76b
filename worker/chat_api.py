"""The chat API: the one door to it. A PUT goes in, a verdict comes out; nothing else is raised for what the API does.

Requests and answers are those of QuickBlox' page "Update Message"; docs/chat-api.md says how sure each fact is.
The one other call, which opens a session, is login.py's; it leaves by this door too.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import (  # type: ignore[attr-defined]  # typeshed leaves one out
    getproxies_environment,
    proxy_bypass_environment,
)

import requests
import urllib3

from worker.answers import retry_after_s, words_of
from worker.certificates import certificate_refusal, why
from worker.deadline import Deadlines
from worker.one_address import OneAddress
from worker.plan import Put
from worker.verdicts import Rejected, Sent, Throttled, Unauthorized, Unavailable, Verdict

_BODY_READ_BYTES = 8192
_REQUEST_ID_MAX = 200
_UNAUTHORIZED, _TIMEOUT, _THROTTLED = 401, 408, 429


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to reach one application's chat API.

    Timeouts are in seconds. Its certificate is checked with the authorities of `ca_file`, None: with those of certifi.
    """

    base_url: str
    api_key: str | None = field(repr=False)
    connect_timeout_s: float
    read_timeout_s: float
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status, headers (any case), and the beginning of the body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def retry_after_s(self) -> float | None:
        """Seconds that it asks to be left alone; None where it does not say."""
        return retry_after_s(self.headers.get("Retry-After"), datetime.now(UTC))


class Door(Protocol):
    """Where a sync sends its PUTs: the chat API itself, or the same through a service session."""

    def send(self, put: Put, start_by_s: float = ...) -> Verdict:
        """As `ChatApi.send`."""

    def end_overdue(self) -> int:
        """As `ChatApi.end_overdue`."""

    def end_all(self) -> int:
        """As `ChatApi.end_all`."""


class ChatApi:
    """Sends PUTs over pooled connections; safe to use from many threads, each of which keeps a connection open."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._proxies = _proxies(endpoint.base_url)
        self._threads = threading.local()
        self._deadlines = Deadlines(endpoint.connect_timeout_s + endpoint.read_timeout_s)

    def send(self, put: Put, start_by_s: float = math.inf) -> Verdict:
        """Sends one PUT and says what came of it.

        Args:
            put: what to send.
            start_by_s: local monotonic time by which it must be begun; opening the connection may take its timeout.

        Raises:
            TooLateError: it could not; nothing was sent.
        """
        headers = self._headers(put)
        if headers is None:
            return Unauthorized("no API key is configured and the receipt brought no session token", configured=False)
        body = json.dumps(put.body, ensure_ascii=False).encode()
        answer = self.call("PUT", put.path, body, headers, start_by_s)
        return answer if isinstance(answer, Unavailable) else self._verdict(answer, put)

    def call(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], start_by_s: float = math.inf
    ) -> Answer | Unavailable:
        """Makes one call, its body JSON; raises TooLateError as `send` does."""
        try:
            with (
                self._deadlines.request(start_by_s + self._endpoint.connect_timeout_s),
                self._connection().call(method, path, body, {"Content-Type": "application/json", **headers}) as answer,
            ):
                return Answer(answer.status, answer.headers, _beginning(answer))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return Unavailable(f"no answer: {why(error)}", in_doubt=not _never_left(error))

    def end_overdue(self) -> int:
        """Ends requests that take longer than both timeouts together; to be called often while any is under way."""
        return self._deadlines.enforce()

    def end_all(self) -> int:
        """Ends every request under way, as if its time were up."""
        return self._deadlines.enforce(everything=True)

    def _headers(self, put: Put) -> dict[str, str] | None:
        if put.token is not None:
            return {"QB-Token": put.token}
        if self._endpoint.api_key is None or not put.actor.startswith("u"):
            return None
        return {"Authorization": f"ApiKey {self._endpoint.api_key}", "On-Behalf-Of": put.actor[1:]}

    def _connection(self) -> OneAddress:
        # One per thread: requests does not promise that an adapter may be shared.
        connection: OneAddress | None = getattr(self._threads, "connection", None)
        if connection is None:
            endpoint = self._endpoint
            timeouts_s = endpoint.connect_timeout_s, endpoint.read_timeout_s
            connection = self._threads.connection = OneAddress(
                endpoint.base_url, self._proxies, timeouts_s, endpoint.ca_file
            )
        return connection

    def _verdict(self, answer: Answer, put: Put) -> Verdict:
        status, request_id = answer.status, answer.headers.get("X-Request-Id", "")[:_REQUEST_ID_MAX]
        if 200 <= status < 300:  # noqa: PLR2004 - the 2xx
            return Sent(status=status, request_id=request_id)
        if status == _THROTTLED:
            return Throttled(answer.retry_after_s(), status=status, request_id=request_id)
        if status == _UNAUTHORIZED:
            refused = "the session token was refused" if put.token else "the API key was refused"
            return Unauthorized(refused, status=status, request_id=request_id)
        if 400 <= status < 500 and status != _TIMEOUT:  # noqa: PLR2004 - the 4xx
            private = tuple(secret for secret in (put.text, put.token, self._endpoint.api_key) if secret)
            return Rejected(status, words_of(answer.body, private), request_id)
        # A redirect is an answer of something before the API, which has not seen the PUT.
        in_doubt = status >= 400  # noqa: PLR2004 - 408, 5xx
        return Unavailable(
            f"status {status}", answer.retry_after_s(), in_doubt=in_doubt, status=status, request_id=request_id
        )


def _never_left(error: Exception) -> bool:
    """Whether no connection was opened, or its certificate refused, so that the API cannot have seen the PUT."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    refused = certificate_refusal(error) is not None
    return refused or isinstance(
        reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    )


def _beginning(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The first bytes of a body; a short one is read whole, so that the connection can be used again."""
    try:
        return answer.read(_BODY_READ_BYTES, decode_content=True)
    except urllib3.exceptions.HTTPError:
        return b""  # cut off, late or garbled: the status has come and decides, a body only adds words


def _proxies(url: str) -> dict[str, str]:
    """The environment's proxies for this address, read once, since requests would ask for every call.

    The environment alone: macOS' own proxy settings must not be asked for in a forked process, it may crash.
    """
    if proxy_bypass_environment(urlsplit(url).netloc):
        return {}
    return getproxies_environment()
