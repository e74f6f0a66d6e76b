"""`memory`: does a worker that drains very many slots grow?

The slots are recorded first; then one worker with the Procfile's four processes drains them as fast as it can, without
a cap, against the sandbox. Once a second its memory is looked at, main process and children together: what they have
written and share with nobody. The most of the time after the first minute is compared with the most of that minute.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench import accounts, crowd, family
from bench.figure import Figure
from bench.options import Options
from bench.running import Running, running

SLOTS = 1_000_000
FIRST_S = 60.0
EVERY_S = 1.0
MOST_RATIO = 1.1
STALLED_S = 60.0
_MB = 1e6
_PLACES = 12


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen once.

    Attributes:
        at_s: Seconds since the draining began.
        written_bytes: Memory that the worker has written and shares with nobody.
        resident_bytes: What it has in RAM.
        covered: Slots drained so far.
    """

    at_s: float
    written_bytes: int
    resident_bytes: int
    covered: int


def measure(options: Options) -> Figure:
    """Record, start the worker, look at it until all is drained."""
    slots = options.slots or SLOTS
    with running() as system:
        crowd.build(system.api, slots)
        crowd.record(system.queue, crowd.marks(slots))
        system.start_workers(1, {"QUICKBLOX_RATE_PER_S": "0"})
        looks = _looks(system, slots)
        figure = figure_of(looks, slots)
        figure.faults += accounts.complaints(
            accounts.totals(system.redis), accounts.by_slot(system.redis), recorded=slots
        )
        return figure


def figure_of(looks: Sequence[Look], slots: int) -> Figure:
    """The figure for what was seen."""
    figure = Figure(f"{slots:,} slots drained by one worker", axis="seconds")
    first = [look for look in looks if look.at_s <= FIRST_S]
    later = [look for look in looks if look.at_s > FIRST_S]
    figure.demand(later, f"all was drained within {FIRST_S:.0f} s: there is nothing to compare the first minute with")
    if later:
        last = looks[-1]
        figure.add("drained", last.covered / last.at_s, "slots a second")
        most = max(look.written_bytes for look in first), max(look.written_bytes for look in later)
        figure.add(
            "most of the first minute",
            most[0] / _MB,
            "MB",
            note="written, shared with nobody; main process and children",
        )
        figure.add("most thereafter", most[1] / _MB, "MB", note=f"until second {last.at_s:.0f}")
        figure.add("most thereafter / of the first minute", most[1] / most[0], "x", most=MOST_RATIO)
        for look in looks[:: -(-len(looks) // _PLACES)]:
            figure.add("written", look.written_bytes / _MB, "MB", at=round(look.at_s))
            figure.add("resident (RSS)", look.resident_bytes / _MB, "MB", at=round(look.at_s))
    return figure


def _looks(system: Running, slots: int) -> list[Look]:
    """Look until all is drained, or nothing was for a while: then the accounts say what is missing."""
    looks: list[Look] = []
    began_s = moved_s = time.monotonic()
    while not looks or (looks[-1].covered < slots and time.monotonic() - moved_s < STALLED_S):
        time.sleep(EVERY_S)
        covered = accounts.totals(system.redis)["covered"]
        if not looks or covered > looks[-1].covered:
            moved_s = time.monotonic()
        pid = system.workers[0].pid
        at_s = time.monotonic() - began_s
        looks.append(Look(at_s, family.written_bytes(pid), family.resident_bytes(pid), covered))
        system.api.clear_journal()  # the sandbox would grow instead
    return looks
