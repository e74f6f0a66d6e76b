"""A Sentry that only listens: what processes send it over HTTP, as it came."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Dialogs on which a worker that includes tests/integration/breaking.py breaks.
CRASHING, BUGGY, DEADLY = "c" * 24, "b" * 24, "deadbeef" * 3


class Listening:
    """What has come.

    Attributes:
        dsn: Where to send it.
        raw: Every envelope's bytes.
    """

    def __init__(self, port: int) -> None:
        self.dsn = f"http://key@127.0.0.1:{port}/1"
        self.raw: list[bytes] = []

    def items(self, kind: str) -> list[dict[str, Any]]:
        """The items of a kind (`event`, `transaction`, `check_in`) of all envelopes."""
        return [item for envelope in list(self.raw) for header, item in _parts(envelope) if header["type"] == kind]

    def kinds(self) -> set[str]:
        """Of which kinds there are."""
        return {header["type"] for envelope in list(self.raw) for header, _ in _parts(envelope)}


def _parts(envelope: bytes) -> Iterator[tuple[dict[str, Any], Any]]:
    _, _, rest = envelope.partition(b"\n")
    while rest.strip():
        line, _, rest = rest.partition(b"\n")
        header = json.loads(line)
        length = header.get("length", rest.find(b"\n") if b"\n" in rest else len(rest))
        yield header, json.loads(rest[:length])
        rest = rest[length:].lstrip(b"\n")


@contextmanager
def listening() -> Iterator[Listening]:
    """Listens on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.raw.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Listening(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
