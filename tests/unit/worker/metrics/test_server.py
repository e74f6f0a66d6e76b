"""The exporter's HTTP server: whoever only knocks leaves no traceback, and a fault of ours does."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator

import pytest
from prometheus_client.registry import Collector

from worker.metrics import server
from worker.metrics.server import Server, application


class _Nothing(Collector):
    def collect(self) -> Iterator[object]:  # type: ignore[override]
        return iter(())


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(server._Handler, "timeout", 0.1)
    monkeypatch.setattr(Server, "daemon_threads", False)  # so that closing it waits for them
    with Server("127.0.0.1", 0, application(_Nothing())) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("said", [b"", b"GET /metr"], ids=["nothing", "half a line"])
def test_who_says_too_little_leaves_no_traceback(
    running: Server, said: bytes, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "worker.metrics.server")
    with socket.create_connection(("127.0.0.1", running.server_port), 5) as client:
        client.sendall(said)
        assert client.recv(1) == b""
    running.server_close()
    assert "Traceback" not in capfd.readouterr().err
    assert [record.levelname for record in caplog.records if record.levelno > logging.DEBUG] == []


def test_a_fault_of_ours_leaves_one(
    running: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(server._Handler, "handle", fails)
    with socket.create_connection(("127.0.0.1", running.server_port), 5) as client:
        assert client.recv(1) == b""
    running.server_close()
    assert "a fault of ours" in capfd.readouterr().err
