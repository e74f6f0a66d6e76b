"""Many schedules, on several processes with a Redis each, and what came of them."""

from __future__ import annotations

import logging
import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty

from stack.signals import end_what_was_started
from tests.simulation.schedule import run_seed
from tests.simulation.store import Store, StoreServer

# Every schedule checks each claim, settle and reap against the model; the whole state, and the accounts as they lie in
# Redis, are read at the end of one in so many: reading takes as long as half a schedule.
COMPARED_ONE_IN = 8
CHUNK = 500
_LOOKS_EVERY_S = 5.0


@dataclass
class Tally:
    """What schedules came to.

    Attributes:
        broken: (seed, promise and words) of each that broke one.
        puts: by what became of them.
    """

    schedules: int = 0
    compared: int = 0
    decisions: int = 0
    events: int = 0
    broken: list[tuple[int, str]] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    puts: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Both together."""
        for name in ("schedules", "compared", "decisions", "events", "broken"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        self.puts += other.puts


def tally(store: Store, seeds: range) -> Tally:
    """Runs the schedules of these seeds."""
    total = Tally()
    for seed in seeds:
        compare = seed % COMPARED_ONE_IN == 0
        outcome = run_seed(store, seed, compare=compare)
        total.schedules += 1
        total.compared += compare
        total.decisions += len(outcome.taken)
        total.events += len(outcome.world.chronicle.events)
        total.faults += outcome.world.chronicle.faults
        total.puts += outcome.world.chat.counts
        if outcome.broken:
            total.broken.append((seed, str(outcome.broken)))
    return total


def quiet_logs() -> None:
    """The worker's warnings about what is done to it here on purpose are not printed."""
    logging.getLogger("worker").setLevel(logging.CRITICAL)


def in_chunks(seeds: range) -> list[range]:
    """The seeds in the parts that are run as one."""
    return [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]


def run_all(chunks: list[range], jobs: int) -> Iterator[tuple[range, Tally]]:
    """Runs them on so many processes; answers each chunk with its tally, as they come."""
    context = multiprocessing.get_context("spawn")
    tallies: Queue[tuple[range, Tally] | None] = context.Queue()
    processes = [context.Process(target=_run_chunks, args=(chunks[job::jobs], tallies)) for job in range(jobs)]
    for process in processes:
        process.start()
    try:
        yield from _tallies(tallies, processes)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _tallies(
    tallies: Queue[tuple[range, Tally] | None], processes: Sequence[multiprocessing.process.BaseProcess]
) -> Iterator[tuple[range, Tally]]:
    ended = 0
    while ended < len(processes):
        try:
            came = tallies.get(timeout=_LOOKS_EVERY_S)
        except Empty:
            # One that was killed says nothing at its end.
            if not any(process.is_alive() for process in processes):
                return
        else:
            if came is None:
                ended += 1
            else:
                yield came


def _run_chunks(chunks: list[range], tallies: Queue[tuple[range, Tally] | None]) -> None:
    end_what_was_started()
    quiet_logs()
    try:
        with tempfile.TemporaryDirectory() as directory, StoreServer(Path(directory)) as server:
            for chunk in chunks:
                tallies.put((chunk, tally(server.store, chunk)))
    finally:
        tallies.put(None)
