"""What the breaker makes of logins: they are calls to the same API as the PUTs."""

from __future__ import annotations

from typing import Any

import redis

from receipt_sync import MarkRead
from tests.integration.ledger.real import RealLedger
from tests.running import until
from tests.unit.worker.examples import PATIENCE
from worker.acting import outcome_of
from worker.ledger import MarkClaim
from worker.plan import Limits, next_put
from worker.verdicts import Throttled, Unavailable, Unsent, Verdict

CALLS_MIN = "2"


def opened_breaker(client: redis.Redis) -> RealLedger:
    """An application whose breaker has just opened, with slots due and the probe's time come."""
    real = RealLedger(client, breaker_calls_min=CALLS_MIN)
    real.record([MarkRead(dialog_id=f"{n:024x}", user_id=123) for n in range(1, 4)])
    for claim in real.claim(2):
        settle(real, claim, Unavailable("status 503"))
    assert real.claim(2) == []
    return real


def now_ms(client: Any) -> int:
    seconds, microseconds = client.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


def settle(real: RealLedger, claim: object, verdict: Verdict) -> None:
    assert isinstance(claim, MarkClaim)
    put = next_put(claim, Limits(list_max_ids=50, both_flags=True))
    assert real.settle(claim.slot, claim.generation, outcome_of(verdict, put, claim, PATIENCE, 0.0))


def probe(real: RealLedger) -> object:
    # What is claimed in the millisecond of the opening was claimed before it (breaker.lua); a probe comes much later.
    opened_ms = int(float(real.redis.hget("rs:{app-1}:pace", "open")))
    until(lambda: now_ms(real.redis) > opened_ms, "the next millisecond")
    real.redis.hset("rs:{app-1}:pace", "till", 0)
    real.redis.hset("rs:{app-1}:pace", "hold", 0)
    (claim,) = real.claim(2)
    return claim


def test_a_probe_that_logs_in_closes_it(redis_client: redis.Redis) -> None:
    real = opened_breaker(redis_client)
    settle(real, probe(real), Unsent("its call went into making the service session", 0.0, "logged_in"))
    assert not real.redis.hexists("rs:{app-1}:pace", "open")


def test_a_probe_whose_login_is_not_answered_holds_it_open(redis_client: redis.Redis) -> None:
    real = opened_breaker(redis_client)
    before = int(float(real.redis.hget("rs:{app-1}:pace", "opens")))
    settle(real, probe(real), Unsent("no service session: unavailable", 1.0, "unavailable"))
    assert int(float(real.redis.hget("rs:{app-1}:pace", "opens"))) == before + 1


def test_a_probe_whose_login_is_refused_closes_it(redis_client: redis.Redis) -> None:
    """The API answers: it is the login that is wrong."""
    real = opened_breaker(redis_client)
    settle(real, probe(real), Unsent("no service session: refused", 30.0, "login_refused"))
    assert not real.redis.hexists("rs:{app-1}:pace", "open")


def test_a_throttled_login_cuts_the_rate(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client)
    real.record([MarkRead(dialog_id="a" * 24, user_id=123)])
    (claim,) = real.claim()
    settle(real, claim, Throttled(5))
    assert real.redis.hget("rs:{app-1}:counts", "puts_throttled") == b"1"
    assert real.claim() == []
