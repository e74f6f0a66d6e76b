"""Celery clients in other languages: `make test-clients`.

The target installs what package.json names, the tests nothing. Without Node or the packages they skip, and fail with
`RECEIPTS_TEST_NODE=required`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.calls import Calls, start_with_users
from tests.running import System

HERE = Path(__file__).parent
_WITHIN_S = 60.0


class Node:
    """client.mjs, as a process that has none of our code.

    Args:
        program: Node.
    """

    def __init__(self, program: str) -> None:
        self._program = program

    def send(self, broker_url: str, calls: Calls) -> list[str]:
        """Sends calls to a broker; answers a line for each: its task's id, or what the client says went wrong."""
        command = [self._program, "client.mjs", broker_url]
        given = "\n".join(map(json.dumps, calls))
        ran = subprocess.run(
            command, cwd=HERE, input=given, capture_output=True, text=True, timeout=_WITHIN_S, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.splitlines()


def _missing() -> str | None:
    if shutil.which("node") is None:
        return "no node on this machine; on Debian: apt-get install nodejs npm"
    pinned: dict[str, str] = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for name, version in pinned.items():
        manifest = HERE / "node_modules" / name / "package.json"
        if not manifest.exists() or json.loads(manifest.read_text(encoding="utf-8"))["version"] != version:
            return f"{name} {version} is not installed: `make test-clients` does, with npm and its registry"
    return None


@pytest.fixture(scope="session")
def node() -> Node:
    missing = _missing()
    if missing is not None:
        if os.environ["RECEIPTS_TEST_NODE"] == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    return Node(shutil.which("node") or "node")


@pytest.fixture(scope="module")
def system(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:  # noqa: ARG001 - skips first
    """The whole system, one for all tests of a file; without a worker."""
    system = start_with_users(tmp_path_factory.mktemp("clients"))
    try:
        yield system
    finally:
        system.stop()
