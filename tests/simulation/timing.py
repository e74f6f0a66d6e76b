"""Timing: the rate, the hold that the API asked for, and how long a receipt waits."""

from __future__ import annotations

from tests.simulation.beside import BrokenPromiseError
from tests.simulation.history import Claimed, Settled
from tests.simulation.reading import Reading
from tests.simulation.setup import SEND_WITHIN_MS
from worker.ledger import Again

_SECOND_MS = 1_000
# In calm weather a PUT waits for the others' answers and for the next poll, beside its gather time.
_CALM_SLACK_MS = 800


def rate(reading: Reading) -> None:
    """Never above the rate, over any second: of claims exactly, of PUTs but for the delay that a claim may have."""
    rate_per_s = reading.history.setup.rate_per_s
    if not rate_per_s:
        return
    claims = [
        event.at_ms for at, event in enumerate(reading.events) if isinstance(event, Claimed) and at not in reading.lost
    ]
    _at_most(rate_per_s, claims, "claims")
    puts = [sent.at_ms for _, sent in reading.sent.values() if not reading.is_exempt(sent)]
    _at_most(int(1 + rate_per_s * (1 + SEND_WITHIN_MS / _SECOND_MS)), puts, "PUTs")


def hold(reading: Reading) -> None:
    """While the application holds, because the API asked for that, nothing is claimed."""
    until_ms = 0
    for at, event in enumerate(reading.events):
        if at in reading.lost:
            continue
        if isinstance(event, Claimed) and event.at_ms < until_ms:
            raise BrokenPromiseError("hold", f"{event.claim.slot} was claimed {until_ms - event.at_ms} ms too early")
        if isinstance(event, Settled) and event.accepted and isinstance(event.outcome, Again):
            until_ms = max(until_ms, event.at_ms + event.outcome.hold_ms)


def wait(reading: Reading) -> None:
    """In calm weather and under the rate a receipt's PUT starts within the gather time."""
    setup = reading.history.setup
    if not setup.calm or setup.rate_per_s:
        return
    known: set[tuple[str, int]] = set()
    for event in reading.events:
        if not isinstance(event, Claimed) or (event.claim.slot, event.claim.recorded_ms) in known:
            continue  # the rest of a claim that needs several PUTs
        known.add((event.claim.slot, event.claim.recorded_ms))
        waited_ms = event.at_ms - event.claim.recorded_ms
        if waited_ms > setup.gather_ms["gather_max_ms"] + _CALM_SLACK_MS:
            raise BrokenPromiseError("wait", f"{event.claim.slot} was claimed after {waited_ms} ms")


def _at_most(n: int, times: list[int], what: str) -> None:
    for first, last in zip(times, times[n:], strict=False):
        if last - first < _SECOND_MS:
            raise BrokenPromiseError("rate", f"{n + 1} {what} within {last - first} ms, {n} are allowed")
