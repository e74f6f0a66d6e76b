"""`python -m tests.simulation`: many schedules, or one of them as a story.

--schedules N [--first SEED] [--jobs 2] [--report FILE] [--keep FILE]
--seed SEED
--mutants
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from stack.signals import end_what_was_started
from tests.simulation.keeping import Kept, OtherProtocolError, kept_in, protocol
from tests.simulation.mutants import FOUND, MUTANTS, find
from tests.simulation.report import as_markdown, progress
from tests.simulation.running import CHUNK, in_chunks, quiet_logs, run_all
from tests.simulation.schedule import Outcome, replay, run_seed
from tests.simulation.shrinking import shrink
from tests.simulation.store import Store, StoreServer

_BROKEN_SHOWN = 3


def main(arguments: list[str] | None = None) -> int:
    """Answers 1 when a promise was broken."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    quiet_logs()
    if asked.mutants:
        with tempfile.TemporaryDirectory() as directory, StoreServer(Path(directory)) as server:
            return int(not find_all(server.store))
    if asked.keep and (asked.first % CHUNK or asked.schedules % CHUNK):
        parser.error(f"what is kept is kept by {CHUNK}: --first and --schedules have to be multiples of it")
    if asked.seed is not None:
        with tempfile.TemporaryDirectory() as directory, StoreServer(Path(directory)) as server:
            return int(tell(server.store, asked.seed))
    try:
        return _run_many(asked)
    except OtherProtocolError as error:
        parser.error(str(error))


def _run_many(asked: argparse.Namespace) -> int:
    seeds = range(asked.first, asked.first + asked.schedules)
    kept = kept_in(Path(asked.keep)) if asked.keep else Kept(protocol())
    total, before_s, started_s = kept.total, kept.seconds, time.monotonic()
    for chunk, some in run_all([chunk for chunk in in_chunks(seeds) if chunk.start not in kept.chunks], asked.jobs):
        kept.add(chunk, some)
        kept.seconds = before_s + time.monotonic() - started_s
        for seed, promise in some.broken:
            print(f"seed {seed} breaks a promise: {promise}", file=sys.stderr)
        print(progress(total, len(seeds), kept.seconds), file=sys.stderr)
        # Time and again: what has been run for hours counts when the machine is taken away.
        if asked.keep:
            kept.write(Path(asked.keep))
        if asked.report:
            Path(asked.report).write_text(as_markdown(kept, seeds, asked.jobs), "utf-8")
    print(as_markdown(kept, seeds, asked.jobs))
    if total.broken:
        with tempfile.TemporaryDirectory() as directory, StoreServer(Path(directory)) as server:
            for seed, _ in total.broken[:_BROKEN_SHOWN]:
                tell(server.store, seed)
    # A process that died has not run its share.
    return int(bool(total.broken) or any(chunk.start not in kept.chunks for chunk in in_chunks(seeds)))


def find_all(store: Store) -> bool:
    """Looks for every mutant and writes the table; answers whether all were found."""
    table: dict[str, dict[str, int | str]] = {}
    for mutant in MUTANTS:
        where = find(store, mutant)
        print(f"{mutant.name}: {where or 'not found'}", file=sys.stderr)
        if where:
            table[mutant.name] = {"seed": where[0], "promise": where[1]}
    FOUND.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    return len(table) == len(MUTANTS)


def tell(store: Store, seed: int) -> bool:
    """Prints a seed's story, a shrunk one when it breaks a promise; answers whether it does."""
    outcome = run_seed(store, seed)
    if outcome.broken is None:
        print("\n".join(run_seed(store, seed, tell=True).world.chronicle.story or ()))
        print(f"seed {seed}: every promise was kept")
        return False
    print(f"seed {seed} breaks a promise: {outcome.broken}")
    shrunk = shrunk_outcome(store, outcome)
    print(f"shrunk to {sum(map(bool, shrunk.taken))} decisions, of {sum(map(bool, outcome.taken))}:")
    print("\n".join(shrunk.world.chronicle.story or ()))
    print(f"{shrunk.broken}\nagain: make simulate SEED={seed}")
    return True


def shrunk_outcome(store: Store, outcome: Outcome) -> Outcome:
    """The smallest schedule found that breaks the same promise, with its story."""
    assert outcome.broken is not None
    rule = outcome.broken.rule

    def still_fails(taken: Sequence[int]) -> Sequence[int] | None:
        tried = replay(store, taken)
        return tried.taken if tried.broken and tried.broken.rule == rule else None

    return replay(store, shrink(outcome.taken, still_fails), tell=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="The protocol under simulation.")
    parser.add_argument("--schedules", type=int, default=20_000, help="how many (20000)")
    parser.add_argument("--first", type=int, default=0, help="the first one's seed (0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes, each with a Redis of its own (2)")
    parser.add_argument("--report", help="a file for the result, in Markdown")
    parser.add_argument("--keep", help="a file (JSON) that keeps what has been run; run again, it goes on from there")
    parser.add_argument("--seed", type=int, help="tell this one schedule")
    parser.add_argument("--mutants", action="store_true", help="look for every mutant, and write the table")
    return parser


if __name__ == "__main__":
    end_what_was_started()
    sys.exit(main())
