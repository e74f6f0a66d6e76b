from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tests.contract.scripted_server import ScriptedServer
from tests.integration.session.stage import Stage


@pytest.fixture
def stage(redis_client: redis.Redis) -> Iterator[Stage]:
    """An empty Redis and an API that opens sessions and accepts PUTs."""
    with ScriptedServer() as server:
        yield Stage(redis_client, server)
