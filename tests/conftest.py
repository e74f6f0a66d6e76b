"""Fixtures of all tests: real servers on free ports of 127.0.0.1, one of each per session, emptied for every test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from sandbox.client import SandboxClient
from stack.ports import free_port
from stack.redis_server import RedisServer
from stack.services import start_sandbox

API_KEY = "sandbox-api-key"


@dataclass(frozen=True)
class Sandbox:
    """The running sandbox: its address and its client."""

    url: str
    client: SandboxClient


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
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
