"""Timings: the histograms that the ledger counts beside its accounts, and how they are read again.

`wait`  from the recording of the oldest receipt that an accepted PUT carried until that PUT was claimed for sending
`put`   from asking the API until its answer, or until there was none; as the worker measured it

Each is a number of fields of `rs:{app}:counts`: `<name>_le_<bound in ms>` how many fell between that bound and the one
before it, `<name>_le_inf` beyond the last, `<name>_ms` their sum. A bound stands in the field's name, so releases with
other bounds can count side by side: what they counted is read into the next bound that there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from worker.ledger.reading import Fields, whole

# The longest a receipt waits by rights is a gather time, 2 s by default and minutes where it was set so. Hours are what
# an outage costs; after 24 of them receipts are dead.
# A PUT takes 80 ms in good times, and both timeouts together at most.
BOUNDS_MS: Mapping[str, tuple[int, ...]] = {
    "wait": (500, 1_000, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000),
    "put": (25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000),
}
_INFINITE = "inf"


@dataclass(frozen=True, slots=True)
class Timings:
    """One histogram.

    Attributes:
        counted: bound in seconds, or infinity → how many were at most so long; ascending, the last is all of them.
        sum_s: seconds in all.
    """

    counted: Mapping[float, int]
    sum_s: float


def lua() -> str:
    """The bounds as timings.lua takes them."""
    tables = ", ".join(f"{name} = {{{', '.join(map(str, bounds))}}}" for name, bounds in BOUNDS_MS.items())
    return f"local BOUNDS_MS = {{{tables}}}\n"


def timings(counts: Fields, name: str) -> Timings:
    """A histogram as it lies among the counts; what no function wrote counts for nothing.

    Args:
        counts: the hash.
        name: 'wait' or 'put'.
    """
    prefix = f"{name}_le_".encode()
    between = dict.fromkeys((*(float(bound) for bound in BOUNDS_MS[name]), float("inf")), 0)
    for field, raw in counts.items():
        if field.startswith(prefix):
            bound = _bound(field.removeprefix(prefix))
            if bound is not None:
                between[next(known for known in between if known >= bound)] += whole(raw, 0) or 0
    counted, so_far = {}, 0
    for bound, n in between.items():
        so_far += n
        counted[bound / 1000] = so_far
    return Timings(counted, (whole(counts.get(f"{name}_ms".encode()), 0) or 0) / 1000)


def _bound(spelt: bytes) -> float | None:
    if spelt == _INFINITE.encode():
        return float("inf")
    return float(spelt) if spelt.isdigit() else None
