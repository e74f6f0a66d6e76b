"""The doctor's judgements that need no server."""

from __future__ import annotations

import pytest

from settings import load
from tests.unit.worker.standings import HALF, NOW_MS, a_slot, a_standing
from worker.doctor.broker import is_ledger
from worker.doctor.ledger import balance, slots_balance
from worker.doctor.redis_server import clock, eviction, version_of
from worker.doctor.workers import progress


@pytest.mark.parametrize(("text", "expected"), [("7.2.4", (7, 2, 4)), ("6.2", (6, 2)), ("8.0-rc1", (8,)), ("None", ())])
def test_versions(text: str, expected: tuple[int, ...]) -> None:
    assert version_of(text) == expected


@pytest.mark.parametrize(("apart_s", "level"), [(0.0, "ok"), (0.9, "ok"), (1.0, "warning"), (61.0, "fault")])
def test_clocks(apart_s: float, level: str) -> None:
    assert clock("behind", apart_s).level == level


@pytest.mark.parametrize(
    ("policy", "level"), [("noeviction", "ok"), (None, "unseen"), ("allkeys-lru", "fault"), ("volatile-ttl", "fault")]
)
def test_eviction(policy: str | None, level: str) -> None:
    assert eviction("redis", policy).level == level


def test_accounts() -> None:
    assert balance(a_standing(recorded=5, covered=1, dead=1, pending=2, in_flight=1)).level == "ok"
    assert balance(a_standing(recorded=5, covered=1)).level == "fault"
    good, bad = a_slot(recorded=1, pending=HALF), a_slot(recorded=2, pending=HALF, slot="the bad one")
    assert slots_balance([good], "default").level == "ok"
    assert "1 of 2 slots do not balance: the bad one" in slots_balance([good, bad], "default").found


def test_progress_is_what_counts() -> None:
    before = a_standing(pending=9, slots_waiting=9, slots_due=9)
    still = a_standing(pending=9, slots_waiting=9, slots_due=9, now_ms=NOW_MS + 2000)
    overdue = [a_slot(pending=HALF, due_ms=NOW_MS - 10_000)]
    assert progress(before, still, overdue).level == "fault"
    assert progress(before, still, [a_slot(pending=HALF, due_ms=NOW_MS + 1000)]).level == "ok"
    answered = a_standing(pending=9, slots_waiting=9, slots_due=9, now_ms=NOW_MS + 2000, puts={"unavailable": 1})
    assert progress(before, answered, overdue).level == "ok"
    assert progress(a_standing(), a_standing(), []).found == "nothing waits"


@pytest.mark.parametrize(
    ("redis_url", "broker_url", "expected"),
    [
        ("redis://a:1/0", "redis://a:1/5", True),
        ("redis://:secret@a:1/0", "redis://a:1/0", True),
        ("redis://a:1/0", "redis://b:1/0", False),
        ("redis://a:1/0", "amqp://a:1//", True),  # not asked: RabbitMQ is told by its scheme
        ("redis+sentinel://a,b/service/0", "redis+sentinel://a,b/service/0", True),
        ("redis+cluster://a,b", "redis://a:6379/0", False),
    ],
)
def test_whether_the_broker_is_the_ledger(redis_url: str, broker_url: str, *, expected: bool) -> None:
    assert is_ledger(load({"REDIS_URL": redis_url, "CELERY_BROKER_URL": broker_url})) is expected
