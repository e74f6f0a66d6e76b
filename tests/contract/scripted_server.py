"""An HTTP server on 127.0.0.1 that keeps every request as it came and answers with the bytes that it is told."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

OK_EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: close sends a reset
_GIVE_UP_S = 30.0


@dataclass(frozen=True)
class Request:
    """One request, byte for byte."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header that comes once; None where it did not come.

        Raises:
            ValueError: it came twice.
        """
        values = [value for given, value in self.headers if given.lower() == name.lower()]
        if len(values) > 1:
            raise ValueError(f"{name} came {len(values)} times")
        return values[0] if values else None


Script = Callable[[socket.socket, Request | None], bool]
"""What is done with a connection and its next request, None right after it was opened; False ends the connection."""


def answers(*raw: bytes) -> Script:
    """Answers each request with the next of these bytes, the last of them for ever."""
    left = list(raw)

    def script(connection: socket.socket, request: Request | None) -> bool:
        if request is not None:
            connection.sendall(left.pop(0) if len(left) > 1 else left[0])
        return True

    return script


def reset(connection: socket.socket) -> None:
    """Cuts a connection with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.close()


class ScriptedServer:
    """Serves until the end of its `with` block; each connection in a thread of its own.

    Attributes:
        requests: those that came whole, in order.
        accepted: how many connections were opened.
        released: set at the end; a script that hangs waits for it.
    """

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or answers(OK_EMPTY)
        self.requests: list[Request] = []
        self.accepted = 0
        self.released = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        # Linux wakes a blocked accept on shutdown, macOS on a last connection.
        socket.create_connection(self._listener.getsockname(), _GIVE_UP_S).close()
        self._threads[0].join(_GIVE_UP_S)
        self._listener.close()
        for connection in self._open:
            _shut(connection)
        for thread in self._threads:
            thread.join(_GIVE_UP_S)
        for connection in self._open:
            connection.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def hang(self, _connection: socket.socket, request: Request | None) -> bool:
        """A script: never answers."""
        return request is None or not self.released.wait(_GIVE_UP_S)

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            self._open.append(connection)
            if self.released.is_set():
                return
            self.accepted += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            goes_on = self.script(connection, None)
            with connection.makefile("rb") as stream:
                while goes_on and (request := _read(stream.readline, stream.read)):
                    self.requests.append(request)
                    goes_on = self.script(connection, request)
            _shut(connection)
        except OSError:
            return  # the script, or the other side, has cut the connection


def _read(line: Callable[[], bytes], body: Callable[[int], bytes]) -> Request | None:
    start = line().decode("latin-1").split()
    if len(start) != 3:
        return None
    headers = []
    while text := line().decode("latin-1").rstrip("\r\n"):
        name, _, value = text.partition(":")
        headers.append((name, value.strip()))
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Request(start[0], start[1], tuple(headers), body(length))


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed already
