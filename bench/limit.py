"""`limit`: the API's limit is below the configured rate and changes unannounced: 80, 30, 120 calls a second.

The sandbox answers 429 above its limit. More slots wait than can be sent, so a call that the API would have let through
and that was not made is a loss. Each limit holds for a minute, and what finding it costs is counted in; most of that is
the rise from 30 to 120, which takes some five seconds. [The pace](pace.md) shows the same in virtual time. One run:
what it is held against is known.
"""

import time
from collections import Counter
from collections.abc import Sequence
from itertools import product

from bench.figure import Figure
from bench.options import Options
from bench.running import Running, running
from receipt_sync import MarkRead

CONFIGURED_PER_S = 160
LIMITS = (80, 30, 120)
PHASE_S = 60.0
MOST_UNUSED, MOST_THROTTLED = 0.1, 0.02
DIALOGS, USERS = 80, range(1, 201)
_TOGETHER = 1_000

Phase = tuple[int, float, Counter[str]]


def measure(options: Options) -> Figure:
    """Change the limit and count the API's answers."""
    with running() as system:
        _record_more_than_can_be_sent(system)
        system.api.faults(rate_per_s=LIMITS[0])
        system.start_workers(options.workers, {"QUICKBLOX_RATE_PER_S": str(CONFIGURED_PER_S)})
        phases = [_phase(system, limit) for limit in LIMITS]
        waiting = int(system.redis.hget("rs:{default}:counts", "pending") or 0)
        return figure_of(options, phases, waiting)


def figure_of(options: Options, phases: Sequence[Phase], waiting: int) -> Figure:
    """The figure.

    Args:
        options: For the title.
        phases: Of each: the limit, how long it held in seconds, the API's answers by status.
        waiting: Receipts that still wait at the end.
    """
    limits = ", ".join(str(limit) for limit, _, _ in phases)
    figure = Figure(f"limits {limits} calls a second, configured {CONFIGURED_PER_S}, {options.workers} worker(s)")
    answers = sum((given for _, _, given in phases), Counter[str]())
    available = sum(limit * lasted_s for limit, lasted_s, _ in phases)
    figure.add("available calls not used", 1 - answers["200"] / available, most=MOST_UNUSED)
    figure.add("calls throttled", answers["429"] / answers.total(), most=MOST_THROTTLED)
    for limit, lasted_s, given in phases:
        note = f"{given['429']:,} of {given.total():,} calls throttled"
        figure.add(f"used of {limit} a second", given["200"] / (limit * lasted_s), note=note)
    figure.demand(waiting, "nothing waits at the end: calls may have been left over for want of work")
    return figure


def _record_more_than_can_be_sent(system: Running) -> None:
    dialogs = [f"{number:024x}" for number in range(1, DIALOGS + 1)]
    system.api.build_world(
        users=USERS, dialogs=[{"_id": id_, "type": 2, "occupants_ids": list(USERS)} for id_ in dialogs]
    )
    marks = [MarkRead(dialog_id=dialog, user_id=user) for dialog, user in product(dialogs, USERS)]
    for start in range(0, len(marks), _TOGETHER):
        system.queue.record_many(marks[start : start + _TOGETHER])


def _phase(system: Running, limit: int) -> Phase:
    system.api.faults(rate_per_s=limit)
    began_s, before = time.monotonic(), Counter(system.api.counts()["by_status"])
    time.sleep(PHASE_S)
    return limit, time.monotonic() - began_s, Counter(system.api.counts()["by_status"]) - before
