"""Processor time: what a piece of work has cost, and who has paid: a side's own processes, Redis, the sandbox."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

from bench.running import Running

Processor = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a piece of work took, in seconds.

    Attributes:
        wall_s: From its beginning to its end.
        own_s: Processor time of the side that did it.
        redis_s: Processor time of Redis, the ledger's and the broker's.
        sandbox_s: Processor time of the sandbox.
    """

    wall_s: float
    own_s: float
    redis_s: float
    sandbox_s: float


def processor_s(pids: Iterable[int]) -> float:
    """Seconds of processor time that these processes and their living descendants have taken so far.

    Raises:
        psutil.NoSuchProcess: One of them has ended: what it took is not known any more.
    """
    roots = [psutil.Process(pid) for pid in pids]
    return sum(_own_s(each) for root in roots for each in (root, *root.children(recursive=True)))


def _own_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def spent_on(work: Callable[[], object], system: Running, own: Processor) -> Spent:
    """Do a piece of work.

    Args:
        work: Returns when it is done.
        system: Whose Redis and sandbox it uses.
        own: Says how much processor time the side has taken so far.
    """

    def now() -> tuple[float, float, float, float]:
        redis_s = processor_s([system.redis_server.process.pid])
        return time.monotonic(), own(), redis_s, float(system.api.counts()["cpu_s"])

    before = now()
    work()
    return Spent(*(after - first for first, after in zip(before, now(), strict=True)))
