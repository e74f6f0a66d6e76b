"""What the ledger counts for metrics: receipts by kind and joined, doorbells, and the histograms of waits and PUTs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.histories import AnyClaim, first_put, settlement
from tests.integration.ledger.real import PREFIX, RealLedger
from tests.shorthand import delivered, dialogs, edit, read
from worker.ledger import Again, Back, Dead, Done, Outcome
from worker.ledger.outcomes import timed
from worker.ledger.timings import BOUNDS_MS, timings


def counts(real: RealLedger) -> dict[str, int]:
    return {name.decode(): int(n) for name, n in real.redis.hgetall(f"{PREFIX}:counts").items()}


def fallen(real: RealLedger, name: str) -> tuple[dict[float, int], int]:
    """How many fell into each bucket that is not empty, by its bound in seconds, and the sum in ms."""
    found, before, buckets = timings(real.redis.hgetall(f"{PREFIX}:counts"), name), 0, {}
    for bound, so_far in found.counted.items():
        if so_far > before:
            buckets[bound] = so_far - before
        before = so_far
    return buckets, round(found.sum_s * 1000)


def accepted(claim: AnyClaim) -> Outcome:
    return Done(first_put(claim).part)


def settle(real: RealLedger, claim: AnyClaim, outcome: Outcome, took_ms: int) -> None:
    assert real.settle(claim.slot, claim.generation, timed(outcome, took_ms))


def test_receipts_by_kind_and_those_that_join(real: RealLedger) -> None:
    real.record([read(), read(), delivered(), edit("text", 1), read(dialog=dialogs(2)[1])])
    found = counts(real)
    assert (found["recorded_read"], found["recorded_delivered"], found["recorded_edit"]) == (3, 1, 1)
    assert found["recorded"] == 5
    assert found["joined"] == 2, "two of the three that are in the dialog's slot: one opens it"


def test_what_never_became_a_receipt_is_of_no_kind(real: RealLedger) -> None:
    real.ledger.bury_invalid("receipts.mark_dialog_read", "{}", "invalid: no user")
    assert counts(real) == {"recorded": 1, "recorded_invalid": 1, "dead": 1}


def test_receipts_that_have_died_are_never_fewer_than_before(real: RealLedger) -> None:
    """A metric that falls counts as begun anew: Prometheus would take every replay for a mass of deaths."""
    real.record([read(), read()])
    (claim,) = real.claim()
    real.settle(*settlement(claim, "dead"))
    (letter,) = real.letterbox.newest(10)
    real.letterbox.replay(letter)
    found = counts(real)
    assert (found["dead"], found["replayed"]) == (0, 2)


def test_doorbells_are_counted_when_they_ring(real: RealLedger) -> None:
    real.ledger.ring()
    assert "doorbells" not in counts(real)
    real.record([read(dialog=dialog) for dialog in dialogs(3)])
    assert len(real.ledger.ring().permits) == 2
    assert counts(real)["doorbells"] == 2


@pytest.mark.parametrize("name", BOUNDS_MS)
def test_bounds_rise(name: str) -> None:
    assert list(BOUNDS_MS[name]) == sorted(set(BOUNDS_MS[name]))


def test_a_put_falls_into_the_bucket_that_its_time_reaches(real: RealLedger) -> None:
    took_ms = [0, 25, 26, 30_000, 30_001]
    real.record([read(dialog=dialog) for dialog in dialogs(len(took_ms))])
    for claim, ms in zip(real.claim(), took_ms, strict=True):
        settle(real, claim, accepted(claim), ms)
    assert fallen(real, "put") == ({0.025: 2, 0.05: 1, 30.0: 1, float("inf"): 1}, 60_052)


def test_every_put_is_timed_and_only_an_accepted_one_ends_a_wait(real: RealLedger) -> None:
    real.record([read(dialog=dialog) for dialog in dialogs(3)])
    again, dead, done = real.claim()
    settle(real, again, Again("status 503", "unavailable", costs_attempt=True), 40)
    settle(real, dead, Dead("rejected: status 404", "rejected", first_put(dead).part), 60)
    settle(real, done, accepted(done), 80)
    assert fallen(real, "put") == ({0.05: 1, 0.1: 2}, 180)
    assert fallen(real, "wait")[0] == {0.5: 1}


def test_what_was_not_sent_has_no_time(real: RealLedger) -> None:
    real.record([read(dialog=dialog) for dialog in dialogs(2)])
    back, unsent = real.claim()
    settle(real, back, Back("closing"), 80)
    real.settle(unsent.slot, unsent.generation, Again("no service session", "login_refused"))
    assert fallen(real, "put") == ({}, 0)
    assert fallen(real, "wait") == ({}, 0)


def test_a_wait_is_that_of_the_oldest_receipt_and_goes_on_over_retries(real: RealLedger) -> None:
    real.record([read()])
    (claim,) = real.claim()
    real.redis.hset(f"{PREFIX}:{claim.slot}", "ft", claim.recorded_ms - 4_000)
    settle(real, claim, Again("status 503", "unavailable", costs_attempt=True), 40)
    real.record([read()])
    real.come_due()
    (claim,) = real.claim()
    settle(real, claim, accepted(claim), 40)
    buckets, sum_ms = fallen(real, "wait")
    assert buckets == {5.0: 1}
    assert 4_000 <= sum_ms < 5_000


def test_a_stale_settle_was_a_put_all_the_same(real: RealLedger) -> None:
    """Another has the slot now, so nothing says any more how long its receipts had waited."""
    real.record([read()])
    (taken,) = real.claim()
    real.reap()
    assert not real.settle(taken.slot, taken.generation, timed(accepted(taken), 40))
    assert fallen(real, "put")[0] == {0.05: 1}
    assert fallen(real, "wait") == ({}, 0)


def test_a_slot_whose_times_are_garbage_says_nothing_of_a_wait(real: RealLedger) -> None:
    real.record([read()])
    (claim,) = real.claim()
    real.redis.hset(f"{PREFIX}:{claim.slot}", "ft", "garbage")
    settle(real, claim, accepted(claim), 40)
    assert fallen(real, "wait") == ({}, 0)


def test_buckets_of_other_releases_are_read_into_the_next_one() -> None:
    stored = {b"put_le_30": b"2", b"put_le_50": b"3", b"put_le_99999": b"5", b"put_le_inf": b"7", b"put_ms": b"1500"}
    found = timings(stored, "put")
    assert (found.counted[0.025], found.counted[0.05], found.counted[30.0]) == (0, 5, 5)
    assert found.counted[float("inf")] == 17
    assert found.sum_s == 1.5


def test_garbage_among_the_counts_counts_for_nothing() -> None:
    stored = {b"put_le_": b"2", b"put_le_-1": b"2", b"put_le_50": b"much", b"put_le_x\xff": b"1", b"put_ms": b"-5"}
    assert timings(stored, "put") == timings({}, "put")


def test_an_outcome_is_the_same_however_long_it_took() -> None:
    outcome = Again("status 503", "unavailable")
    assert timed(outcome, 5) == outcome
    assert replace(outcome, reason="another") != outcome
