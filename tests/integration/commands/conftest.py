"""A ledger that is worked by hand, and the command line beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from stack.redis_server import RedisServer
from tests.integration.operating import Commands, held_by
from worker.runtime import Runtime


@pytest.fixture
def held(redis_server: RedisServer, redis_client: redis.Redis) -> Iterator[Runtime]:
    assert redis_client.dbsize() == 0
    held = held_by(redis_server)
    yield held
    held.redis.close()


@pytest.fixture
def commands(redis_server: RedisServer, held: Runtime) -> Commands:  # noqa: ARG001 - the ledger it looks at
    return Commands(redis_server.url_of("operator"))
