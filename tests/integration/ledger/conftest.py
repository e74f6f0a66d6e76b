"""The real ledger, empty for every test."""

from __future__ import annotations

import pytest
import redis

from tests.integration.ledger.real import RealLedger


@pytest.fixture
def real(redis_client: redis.Redis) -> RealLedger:
    return RealLedger(redis_client)
