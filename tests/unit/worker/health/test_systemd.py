"""What systemd is told arrives at its socket."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from worker.health.systemd import notify


@pytest.mark.parametrize("kind", ["", "\0"])
def test_a_state_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    address = f"{kind}{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address.replace("\0", "@"))
        notify("WATCHDOG=1")
        assert listener.recv(100) == b"WATCHDOG=1"


def test_where_nobody_asks_or_listens_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("READY=1")
