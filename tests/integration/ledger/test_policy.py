"""Who has the last word on the policy: the worker that started last, also when an older one publishes anew."""

from __future__ import annotations

import pytest
import redis

from tests.integration.ledger.real import APPLICATION, LEASE_MS, POLICY, PREFIX, RealLedger
from tests.running import until
from worker.ledger import Ledger, RingSize

SIZE = RingSize(syncs_max=3, permit_ms=60_000, side_by_side=2)


def ledger(client: redis.Redis, crashes_max: int) -> Ledger:
    return Ledger(client, APPLICATION, policy=POLICY | {"crashes_max": str(crashes_max)}, lease_ms=LEASE_MS, size=SIZE)


def crashes_max(real: RealLedger) -> int:
    return int(real.redis.hget(f"{PREFIX}:policy", "crashes_max"))


@pytest.fixture
def older_and_newer(real: RealLedger) -> tuple[Ledger, Ledger]:
    """Both have published, in this order."""
    both = ledger(real.redis, 11), ledger(real.redis, 22)
    for each in both:
        began_ms = real.now_ms()
        until(lambda began_ms=began_ms: real.now_ms() > began_ms, "another millisecond")  # type: ignore[misc]
        each.publish_policy()
    assert crashes_max(real) == 22
    return both


def test_an_older_worker_that_publishes_anew_does_not_overwrite_a_newer_ones(
    real: RealLedger, older_and_newer: tuple[Ledger, Ledger]
) -> None:
    older, _ = older_and_newer
    older.publish_policy()
    assert crashes_max(real) == 22


def test_a_policy_that_is_gone_is_published_by_whoever_comes(
    real: RealLedger, older_and_newer: tuple[Ledger, Ledger]
) -> None:
    older, newer = older_and_newer
    real.redis.delete(f"{PREFIX}:policy")
    older.publish_policy()
    assert crashes_max(real) == 11
    newer.publish_policy()
    assert crashes_max(real) == 22


@pytest.mark.parametrize("since", ["", "garbage", "-1", "nan", "1e300", "9000000000000000"])
def test_a_time_that_nobody_can_have_published_at_stops_nobody(
    real: RealLedger, older_and_newer: tuple[Ledger, Ledger], since: str
) -> None:
    older, _ = older_and_newer
    real.redis.hset(f"{PREFIX}:policy", "since", since)
    older.publish_policy()
    assert crashes_max(real) == 11
