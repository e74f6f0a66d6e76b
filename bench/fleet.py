"""`fleet`: what a second worker machine adds, and a fourth, with an API that takes 80 ms for a call.

One application without a cap has more slots waiting than can be sent. Fleets of one, two and four workers take turns at
it; each has a Redis and a sandbox of its own, and is paused by hand while the others have their turn. Every worker
stands on a machine of its own: a network namespace behind a bridge, where root may make them. The cores they share.

A worker is given few connections (two processes with two each: fifty calls a second at 80 ms), so that what limits it
is the API's latency, as on a machine of its own; with many connections (two with sixteen) it is the cores of this
machine. `RECEIPTS_SYNCS_MAX` counts over all workers and is two for each here: with its default, 2, a second worker is
there for when the first one dies, and adds nothing.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench import accounts, crowd
from bench.figure import Figure
from bench.options import Options
from bench.processor import processor_s
from bench.rounds import Rounds, spread
from bench.running import Running, running, wait_until
from stack.machines import Machines, machines
from stack.redis_server import HOST
from worker.ledger import pausing

FLEETS = (1, 2, 4)
FEW, MANY = 2, 16
LATENCY_MS = 80
PROCESSES = 2
SLOTS = 20_000
WINDOW_S, BEGINS_S, ENDS_WITHIN_S = 4.0, 1.0, 30.0
APPLICATION = "default"


class Fleet:
    """So many workers with a system of their own; paused but for their turns.

    Attributes:
        workers: How many.
        connections: Of each of their processes.
        cpu_ms: Turn by turn: the workers' processor time for one PUT.
    """

    def __init__(self, ends: ExitStack, at: Machines, places: Sequence[Sequence[str]], connections: int) -> None:
        self.workers, self.connections = len(places), connections
        self.cpu_ms: list[float] = []
        self._system: Running = ends.enter_context(running(at.home if at.apart else HOST))
        crowd.build(self._system.api, SLOTS)
        self._system.api.faults(latency_ms=LATENCY_MS)
        pausing.pause(self._system.redis, APPLICATION, "not its turn")
        settings = {
            "QUICKBLOX_RATE_PER_S": "0",
            "WORKER_CONCURRENCY": str(PROCESSES),
            "RECEIPTS_CONNECTIONS": str(connections),
            "RECEIPTS_SYNCS_MAX": str(PROCESSES * self.workers),
        }
        self._system.start_workers(self.workers, settings, enter=places)

    def turn(self) -> float:
        """Let it work for a while; answers PUTs a second."""
        waiting = accounts.totals(self._system.redis)["pending"]
        if waiting < SLOTS:
            crowd.record(self._system.queue, crowd.marks(SLOTS))
        pausing.resume(self._system.redis, APPLICATION)
        time.sleep(BEGINS_S)
        began_s, covered, cpu_s = time.monotonic(), self._covered(), self._cpu_s()
        time.sleep(WINDOW_S)
        lasted_s, sent = time.monotonic() - began_s, self._covered() - covered
        self.cpu_ms.append(1000 * (self._cpu_s() - cpu_s) / max(1, sent))
        pausing.pause(self._system.redis, APPLICATION, "not its turn")
        wait_until(lambda: accounts.totals(self._system.redis)["in_flight"] == 0, ENDS_WITHIN_S)
        return sent / lasted_s

    def complaints(self) -> list[str]:
        """What is not as it must be; empty when all is."""
        counts = accounts.totals(self._system.redis)
        ends = counts["covered"] + counts["pending"]
        found = [] if counts["pending"] else ["nothing waited at the end: the workers may have been without work"]
        if counts["recorded"] != ends:
            found.append(f"{counts['recorded']:,} recorded, {ends:,} covered or pending")
        return found

    def _covered(self) -> int:
        return int(self._system.api.counts()["applied"])

    def _cpu_s(self) -> float:
        return processor_s(worker.pid for worker in self._system.workers)


def measure(_options: Options) -> Figure:
    """Start all fleets, let them take turns."""
    with machines(2 * sum(FLEETS)) as at, ExitStack() as ends:
        free = iter(at.enter)
        fleets = {
            _side(workers, connections): Fleet(ends, at, [next(free) for _ in range(workers)], connections)
            for connections in (FEW, MANY)
            for workers in FLEETS
        }
        turns: dict[str, Callable[[], float]] = {name: fleet.turn for name, fleet in fleets.items()}
        return figure_of(fleets, Rounds(turns), apart=at.apart)


def figure_of(fleets: dict[str, Fleet], rounds: Rounds, *, apart: bool) -> Figure:
    """The figure for what the fleets have measured."""
    where = "each in a network namespace of its own" if apart else "all on the loopback: namespaces take root"
    figure = Figure(f"one application, {LATENCY_MS} ms a call, {PROCESSES} processes a worker, {where}", axis="workers")
    for name, fleet in fleets.items():
        figure.point(_words(fleet.connections), rounds.of(name), "PUTs a second", at=fleet.workers)
    for fleet in fleets.values():
        # The first turn was the warm-up.
        taken = spread(fleet.cpu_ms[1:])
        figure.point(f"{_words(fleet.connections)}: workers' time", taken, "ms a PUT", at=fleet.workers)
    for workers in FLEETS[1:]:
        for connections in (FEW, MANY):
            gain = rounds.ratio(_side(workers, connections), _side(1, connections))
            figure.compare(f"{workers} workers / one, {_words(connections)}", gain)
    for name, fleet in fleets.items():
        figure.faults += [f"{name}: {complaint}" for complaint in fleet.complaints()]
    return figure


def _side(workers: int, connections: int) -> str:
    return f"{workers} x {connections}"


def _words(connections: int) -> str:
    return f"{connections} connections a process"
