"""The examples as their pages start them: each in its own directory, with `receipt_sync` and none of our rooms."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from stack.ports import free_port
from stack.process import Process
from stack.services import PROJECT, environment
from tests.running import PATIENCE_S, System

EXAMPLES = PROJECT / "examples"
StartApp = Callable[..., "App"]


def example_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What an example finds around itself."""
    return environment({"PYTHONPATH": str(PROJECT / "producer"), **settings})


def run(example: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs a Python command of an example to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=EXAMPLES / example,
        env=example_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )


class App:
    """An example's server that listens, and a client of it."""

    def __init__(self, example: str, arguments: list[str], log: Path, settings: Mapping[str, str]) -> None:
        port = free_port()
        command = [sys.executable, "-m", *(each.format(port=port) for each in arguments)]
        self.process = Process(example, command, example_environment(settings), EXAMPLES / example, log)
        self.process.wait_for_line(f"http://127.0.0.1:{port}", PATIENCE_S)
        # No proxy of the environment.
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30.0)

    def post(self, path: str, **content: Any) -> httpx.Response:
        """A request to it."""
        return self.http.post(path, **content)

    def stop(self) -> None:
        """Ends it."""
        self.http.close()
        self.process.stop()


def producer_settings(system: System) -> dict[str, str]:
    """What every example needs of the environment."""
    return {"REDIS_URL": system.redis_server.url_of("producer")}
