"""A deadline for the whole of a request. The timeouts of an HTTP client bound each step and begin anew with every byte.

Whoever waits for an answer that drips is woken by shutting its socket down: to `requests` the peer has gone away.
"""

from __future__ import annotations

import math
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

_here = threading.local()


class TooLateError(Exception):
    """The request has not left within its time; nothing of it was sent."""


@dataclass(slots=True)
class _Request:
    until_s: float
    send_by_s: float
    sock: socket.socket | None = None


class Deadlines:
    """The requests under way of one chat client, by thread, and until when each may last.

    Args:
        limit_s: most seconds from the start of a request to the end of its answer.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._requests: dict[int, _Request] = {}

    @contextmanager
    def request(self, send_by_s: float) -> Iterator[None]:
        """Around one request of this thread; TooLateError when it would be sent after `send_by_s` (monotonic)."""
        me = threading.get_ident()
        self._requests[me] = _here.request = _Request(time.monotonic() + self._limit_s, send_by_s)
        try:
            yield
        finally:
            del self._requests[me]
            _here.request = None

    def enforce(self, *, everything: bool = False) -> int:
        """Ends the requests whose time is up, or all; called often, from any thread. Answers how many there were."""
        now_s = math.inf if everything else time.monotonic()
        overdue = [each for each in list(self._requests.values()) if each.until_s < now_s and each.sock is not None]
        for each in overdue:
            with suppress(OSError):  # it has just ended by itself
                # The plain socket's: TLS' own shutdown would pull the rug from under the thread that reads.
                socket.socket.shutdown(each.sock, socket.SHUT_RDWR)  # type: ignore[arg-type]  # not None, see above
        return len(overdue)


# What closing a socket does with bytes that still wait in it. While a request is under way they are dropped, also when
# the process is killed: else the kernel sends them when the network is back, and an edit would land after a later one.
_DROP, _DELIVER = struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)


class _Seen:
    """A connection that sends nothing too late, and says on which socket its thread's request waits."""

    sock: Any

    def send(self, data: Any) -> None:
        """Sends, once the connection stands: a process may have been stopped while it opened."""
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]  # of the connection it is mixed into
        self._linger(_DROP)
        request = getattr(_here, "request", None)
        if request is not None and time.monotonic() > request.send_by_s:
            raise TooLateError
        super().send(data)  # type: ignore[misc]  # of the connection it is mixed into

    def getresponse(self) -> Any:
        """Waits for the answer's head."""
        request = getattr(_here, "request", None)
        if request is not None:
            request.sock = self.sock
        answer = super().getresponse()  # type: ignore[misc]  # of the connection it is mixed into
        self._linger(_DELIVER)
        return answer

    def _linger(self, what: bytes) -> None:
        if self.sock is not None:  # gone where the answer was the connection's last
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, what)


class _Connection(_Seen, HTTPConnection):
    pass


class _TlsConnection(_Seen, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _watch(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager


class WatchedAdapter(HTTPAdapter):
    """An adapter whose connections can be ended by `Deadlines.enforce`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As the adapter does, with connections of ours."""
        super().init_poolmanager(*args, **kwargs)
        _watch(self.poolmanager)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        """As the adapter does, with connections of ours."""
        return _watch(super().proxy_manager_for(proxy, **kwargs))
