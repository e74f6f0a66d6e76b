"""Redis' protocol over a Unix socket, as little of it as functions need.

Measured with an early reap on an empty ledger: 42 µs for a call, where redis-py takes 81. A schedule makes some
fifty calls, and a million schedules have to be run.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import redis


class Wire:
    """One connection."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(str(path))
        self._answers = self._socket.makefile("rb")

    def close(self) -> None:
        """Closes it."""
        self._answers.close()
        self._socket.close()

    def call(self, *arguments: str | float | bytes) -> Any:
        """One command; texts in its answer are bytes.

        Raises:
            redis.ResponseError: the server's words.
        """
        parts = [b"*%d\r\n" % len(arguments)]
        for argument in arguments:
            data = argument if isinstance(argument, bytes) else str(argument).encode()
            parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
        self._socket.sendall(b"".join(parts))
        return self._read()

    def _read(self) -> Any:
        line = self._answers.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self._answers.read(size + 2)[:-2]
        if kind == b":":
            return int(rest)
        if kind == b"*":
            return [self._read() for _ in range(int(rest))]
        if kind == b"+":
            return rest
        raise redis.ResponseError(rest.decode() or "the connection was closed")
