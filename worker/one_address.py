"""Calls to one address: requests' adapter, with all that requests works out anew for each call worked out once.

A `requests.Session` merges settings, cookies and proxies, parses the address three times and makes an answer of its own
for every call: two thirds of what a PUT costs (docs/decisions/0022). Its adapter has what is needed of it: TLS as
requests does it, proxies, and failures under requests' names. Below it nothing is taken over from an answer to the next
call, which may be another user's: no cookie, no redirect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from requests.utils import default_headers
from urllib3.connectionpool import ConnectionPool

from worker.deadline import WatchedAdapter

_HEADERS = {**default_headers(), "User-Agent": "receipt-sync"}


class OneAddress(WatchedAdapter):
    """Makes calls to one address over one connection; for one thread.

    Args:
        base_url: `https://host`, perhaps with a port and a path, without a slash at its end.
        proxies: by scheme, as requests takes them.
        timeouts_s: for connecting, and for each wait for an answer.
        ca_file: with whose authorities its certificate is checked; None: with those of certifi.
    """

    def __init__(
        self, base_url: str, proxies: Mapping[str, str], timeouts_s: tuple[float, float], ca_file: str | None = None
    ) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)
        self._base_url = base_url
        self._proxies = dict(proxies)
        self._verify = ca_file or True
        self._timeouts_s = urllib3.Timeout(connect=timeouts_s[0], read=timeouts_s[1])
        self._address = self._target = ""
        self._pool: ConnectionPool | None = None

    @contextmanager
    def call(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """Makes one call; what of its answer was not read when the block ends is given up, with the connection.

        Raises:
            requests.RequestException, urllib3.exceptions.HTTPError: there was no answer.
        """
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, self._prepared() + path, body
        all_headers = {**_HEADERS, **headers, "Content-Length": str(len(body))}
        request.headers = all_headers  # type: ignore[assignment]  # any mapping does: the adapter hands it on
        timeout: Any = self._timeouts_s  # requests takes it, its types do not say so
        answer: Any = self.send(request, stream=True, timeout=timeout, verify=self._verify, proxies=self._proxies)
        try:
            yield answer
        finally:
            # A connection that has more to say is of no use for the next call; one that has not is back already.
            answer.close()
            answer.release_conn()

    def _prepared(self) -> str:
        """The address as requests writes it: host in ASCII, path escaped."""
        if not self._address:
            prepared = requests.PreparedRequest()
            prepared.prepare_url(f"{self._base_url}/", None)
            self._target = super().request_url(prepared, self._proxies).removesuffix("/")
            self._address = str(prepared.url).removesuffix("/")
        return self._address

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:  # noqa: ARG002 - requests' signature
        """What stands in the request's first line: the path, or for some proxies the whole address."""
        return self._target + str(request.url)[len(self._address) :]

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> ConnectionPool:
        """The one pool."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> Any:  # noqa: ARG002 - requests' signature
        """The answer as urllib3 has it."""
        return resp
