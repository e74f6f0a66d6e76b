"""The real ledger, empty for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from stack.redis_server import RedisServer
from tests.integration.ledger.real import RealLedger


@pytest.fixture
def real(redis_server: RedisServer, redis_client: redis.Redis) -> Iterator[RealLedger]:
    urls = redis_server.url_of("producer"), redis_server.url_of("worker")
    with redis.Redis.from_url(urls[0]) as producer, redis.Redis.from_url(urls[1]) as worker:
        yield RealLedger(redis_client, clients=(producer, worker))
