"""Tests with real servers from Debian's packages: `make test-brokers`.

The suite installs nothing. Where a server is missing the tests skip, and fail with `RECEIPTS_TEST_BROKERS=required`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.programs import program
from stack.rabbitmq import RabbitMQ
from stack.redis_cluster import RedisCluster
from stack.sentinels import Sentinels

PROGRAMS = ("redis-server", "redis-sentinel", "rabbitmq-server", "epmd")


@pytest.fixture(scope="session", autouse=True)
def _servers_are_here() -> None:
    try:
        for name in PROGRAMS:
            program(name)
    except FileNotFoundError as missing:
        if os.environ["RECEIPTS_TEST_BROKERS"] == "required":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def sentinels(tmp_path: Path) -> Iterator[Sentinels]:
    with Sentinels(tmp_path / "sentinels", fsync="always") as started:
        yield started


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    with RedisCluster(tmp_path / "cluster") as started:
        yield started


@pytest.fixture
def rabbitmq(tmp_path: Path) -> Iterator[RabbitMQ]:
    with RabbitMQ(tmp_path / "rabbitmq") as started:
        yield started
