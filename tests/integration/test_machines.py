"""Machines: network namespaces that leave nothing behind."""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from stack.machines import LOOPBACK, allowed, machines

needs_root = pytest.mark.skipif(not allowed(), reason="network namespaces take root and `ip`")


def interfaces() -> str:
    return subprocess.run(["ip", "-o", "link"], check=True, capture_output=True, text=True).stdout


@needs_root
def test_each_reaches_home_from_an_address_of_its_own_and_nothing_stays_behind() -> None:
    before = interfaces()
    with machines(2) as made, HTTPServer((made.home, 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        ask = f"import urllib.request as u; print(u.urlopen('http://{made.home}:{server.server_port}').read().decode())"
        found = [
            subprocess.run([*way, sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
            for way in made.enter
        ]
        server.shutdown()
    assert len({made.home, *found}) == 3
    assert made.apart
    assert interfaces() == before


def test_where_they_are_not_allowed_all_is_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.machines.allowed", lambda: False)
    with machines(2) as made:
        assert (made.home, list(made.enter), made.apart) == (LOOPBACK, [(), ()], False)


class Answer(BaseHTTPRequestHandler):
    """Says from where it was asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].encode())

    def log_message(self, *_: object) -> None:
        """Nothing to stderr."""
