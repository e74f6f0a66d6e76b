"""One application's values, as its ledger says them at one moment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import redis

from receipt_sync import keys
from worker.ledger.reading import Fields, Reading, number, whole
from worker.ledger.standing import VERDICTS, Standing, standing_of
from worker.ledger.timings import timings
from worker.metrics import declared
from worker.metrics.declared import Metric
from worker.metrics.sheet import Value

Row = tuple[Metric, Value, Mapping[str, str]]

# Of those that only rise: the field that counts it.
_COUNTED = {
    declared.JOINED: "joined",
    declared.COVERED: "covered",
    declared.ABSORBED: "absorbed",
    declared.REPLAYED: "replayed",
    declared.DROPPED: "dropped",
    declared.EXPIRED: "expired",
    declared.DOORBELLS: "doorbells",
    declared.NOTICES_LOST: "notices_lost",
    declared.HANDED_BACK: "handed_back",
    declared.LEASES_LOST: "reaped",
    declared.STALE: "stale_settles",
    declared.REFUSED: "refused",
}
_LOGINS = {"made": "puts_logged_in", "refused": "puts_login_refused"}
_BURST_S = 1 / 20  # of lua/law.lua
_AT_WORK = b"+"  # of lua/pace.lua


def read_values(client: redis.Redis, application: str) -> list[Row]:
    """Everything but `receipts_up`.

    Args:
        client: the ledger's Redis; answers must be bytes.
        application: its name.

    Raises:
        redis.RedisError: the ledger was not reached, or refuses.
    """
    read = Reading(client, keys.prefix(application))
    stands = standing_of(read, application)
    return [*_counters(read.fields("counts")), *_receipts(read, stands), *_work(read, stands), *_pace(read, stands)]


def _counters(counts: Fields) -> Iterator[Row]:
    for kind, n in _by_kind(counts).items():
        yield declared.RECORDED, n, {"kind": kind}
    for metric, name in _COUNTED.items():
        yield metric, _count(counts, name), {}
    # `dead` falls when a letter is replayed, and what falls is no counter: Prometheus would take it for begun anew.
    yield declared.DIED, _count(counts, "dead") + _count(counts, "replayed"), {}
    for verdict in VERDICTS:
        yield declared.PUTS, _count(counts, f"puts_{verdict}"), {"verdict": verdict}
    for outcome, name in _LOGINS.items():
        yield declared.LOGINS, _count(counts, name), {"outcome": outcome}
    yield declared.WAIT, timings(counts, "wait"), {}
    yield declared.PUT_DURATION, timings(counts, "put"), {}


def _by_kind(counts: Fields) -> dict[str, int]:
    """What producers of an earlier release record is of no kind; so the sum is always all that was recorded."""
    kinds = {kind: _count(counts, f"recorded_{kind}") for kind in declared.KINDS if kind != "unknown"}
    return {**kinds, "unknown": max(0, _count(counts, "recorded") - sum(kinds.values()))}


def _receipts(read: Reading, stands: Standing) -> Iterator[Row]:
    counts = read.fields("counts")
    held = stands.pending + stands.in_flight + stands.dead + _count(counts, "covered")
    yield declared.PENDING, stands.pending, {}
    yield declared.IN_FLIGHT, stands.in_flight, {}
    yield declared.DEAD, stands.dead, {}
    yield declared.UNBALANCED, _count(counts, "recorded") - held, {}
    yield declared.DEAD_LETTERS, stands.dead_letters, {}
    yield declared.BROKEN, read.size("broken"), {}
    yield declared.UNREADABLE, len(stands.unreadable), {}


def _work(read: Reading, stands: Standing) -> Iterator[Row]:
    yield declared.SLOTS_WAITING, stands.slots_waiting, {}
    yield declared.SLOTS_DUE, stands.slots_due, {}
    yield declared.SLOTS_IN_FLIGHT, stands.slots_in_flight, {}
    yield declared.OLDEST_WAIT, stands.oldest_wait_s or 0.0, {}
    yield declared.NOTICES, stands.notices, {}
    overdue_ms = 0.0 if read.first_due_ms is None else read.now_ms - read.first_due_ms
    yield declared.OVERDUE, max(0.0, overdue_ms) / 1000, {}
    syncs = sum(permit.startswith(_AT_WORK) for permit in read.permits)
    yield declared.PERMITS, syncs, {"holder": "sync"}
    yield declared.PERMITS, len(read.permits) - syncs, {"holder": "doorbell"}


def _pace(read: Reading, stands: Standing) -> Iterator[Row]:
    yield declared.RATE_LIMIT, stands.rate_per_s or math.inf, {}
    yield declared.RATE_CONFIGURED, stands.configured_per_s or math.inf, {}
    if stands.rate_per_s is not None:
        yield declared.TOKENS, tokens_left(read.fields("pace"), stands.rate_per_s, read.now_ms), {}
    if stands.calls_last_s is not None:
        yield declared.CALLS, stands.calls_last_s, {}
    yield declared.HOLD, max(0, (stands.hold_until_ms or 0) - read.now_ms) / 1000, {}
    for why in declared.REASONS:
        yield declared.BREAKER, float(stands.breaker.why == why), {"why": why}
    yield declared.PAUSED, float(stands.paused is not None), {}


def tokens_left(pace: Fields, rate_per_s: float, now_ms: int) -> float:
    """What the bucket allows at once, as law.tokens has it; below 0 while the law pays back what it took in advance."""
    burst = max(1.0, rate_per_s * _BURST_S)
    left, at_ms = number(pace.get(b"tokens"), -(2.0**53)), whole(pace.get(b"at"), 0, now_ms) or 0
    return burst if left is None else min(burst, left + (now_ms - at_ms) * rate_per_s / 1000)


def _count(counts: Fields, name: str) -> int:
    return whole(counts.get(name.encode()), 0) or 0
