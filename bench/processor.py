"""Processor time: what a side has cost, whichever of its processes has spent it."""

from collections.abc import Iterable

import psutil


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
