"""`make sandbox` for real: a button is pressed, receipts are recorded, a worker covers them, the chat shows it."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.client import SandboxClient
from stack.ports import free_port
from stack.process import Process
from stack.services import PROJECT, environment
from tests.running import PATIENCE_S, until


@pytest.fixture
def playground(tmp_path: Path) -> Iterator[str]:
    """Its address; ended as a terminal does it."""
    port = free_port()
    command = [sys.executable, "-m", "demo.playground", "--port", str(port)]
    env = environment({"TMPDIR": str(tmp_path)})
    process = Process("playground", command, env, PROJECT, tmp_path / "playground.log")
    try:
        process.wait_for_line("Ctrl-C ends it", PATIENCE_S)
        yield f"http://127.0.0.1:{port}"
        process.signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        assert list(tmp_path.glob("receipts-playground-*")) == []
    finally:
        process.kill()


def told(playground: str) -> dict[str, int]:
    """How the receipts stand, as the page is told first."""
    with requests.get(f"{playground}/_sandbox/watch", stream=True, timeout=PATIENCE_S) as stream:
        first = next(line for line in stream.iter_lines() if line.startswith(b"data: "))
    receipts: dict[str, int] = json.loads(first.removeprefix(b"data: "))["receipts"]
    return receipts


def test_fifty_unread_messages_are_read_with_few_calls(playground: str) -> None:
    with SandboxClient(playground) as sandbox:
        press = f"{playground}/_sandbox/plays"
        until(lambda: requests.post(press, json={"play": "unread"}, timeout=5).ok, "a player that takes the button")

        def unread() -> list[dict[str, Any]]:
            messages = sandbox.world()["messages"]
            return [message for message in messages if not message["read"]] if len(messages) == 50 else messages or [{}]

        until(lambda: unread() == [], "fifty messages read")
        # A hundred receipts: each message received, then read.
        until(lambda: told(playground)["covered"] == 100, "a hundred receipts covered, as the page is told")
        assert told(playground)["recorded"] == 100
        puts = sandbox.counts()["puts"]
    # How many calls that takes hangs on how busy the machine is.
    assert 1 <= puts < 100
