"""What reaches Sentry, over HTTP: the error, and neither local variables nor arguments."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stack.services import PROJECT, environment

# The private words are put together at run time: events quote lines of source, from 3.13 on those of `-c` as well.
PROGRAM = """
import sentry_sdk
from settings import load
from worker.sentry import start_sentry

start_sentry(load())
try:
    text, token = "-".join(["a", "private", "text"]), "-".join(["a", "private", "token"])
    raise RuntimeError("a bug")
except RuntimeError as error:
    scope = sentry_sdk.get_current_scope()
    scope.set_extra("celery-job", {"task_name": "receipts.edit_message", "args": [text], "kwargs": {"token": token}})
    sentry_sdk.capture_exception(error)
sentry_sdk.flush(10)
"""

# With every integration that a worker has: what is logged as an error is an event as well.
ALERT = """
from settings import load
from worker.alerts import alert
from worker.sentry import start_sentry
import sentry_sdk

start_sentry(load())
alert("shop", "opened outage")
alert("shop", "closed outage")
sentry_sdk.flush(10)
"""


@pytest.fixture
def sentry() -> Iterator[tuple[str, list[bytes]]]:
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://key@127.0.0.1:{server.server_port}/1", received
    server.shutdown()
    thread.join()
    server.server_close()


def run(program: str = PROGRAM, **settings: str) -> None:
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, env=environment(settings), check=True, timeout=60)


def test_an_event_holds_the_error_and_nothing_private(sentry: tuple[str, list[bytes]]) -> None:
    dsn, received = sentry
    run(SENTRY_DSN=dsn, SENTRY_RELEASE="1.2.3")
    envelope = b"".join(received)
    assert b"a bug" in envelope
    assert b"1.2.3" in envelope
    assert b"receipts.edit_message" in envelope
    assert b"a-private" not in envelope
    assert b'"vars"' not in envelope


def test_without_a_dsn_nothing_is_sent(sentry: tuple[str, list[bytes]]) -> None:
    _, received = sentry
    run()
    assert received == []


def test_an_alert_is_one_event(sentry: tuple[str, list[bytes]]) -> None:
    dsn, received = sentry
    run(ALERT, SENTRY_DSN=dsn)
    events = [json.loads(line) for line in b"".join(received).splitlines() if b'"level"' in line]
    assert [event.get("fingerprint") for event in events] == [["breaker", "shop", "outage"]]
