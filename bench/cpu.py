"""`cpu`: a worker's processor time by receipt, on a trace at its own speed and pressed, beside BullMQ and plain Celery.

The same receipts for everybody, the same sandbox, a gather time of 2 s where there is one; each side plays the next
stretch of the trace in each of its turns. Who loses receipts or holds them up for long saves PUTs by it: said beside.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import accounts
from bench.bullmq.installation import MissingError
from bench.bullmq.producer import DEBOUNCE, KEEP_LAST
from bench.cpu_sides import BullMQ, Ours, PlainCelery, Side, Taken
from bench.figure import Figure
from bench.options import Options
from bench.rounds import LEAST_ROUNDS, Rounds
from bench.running import Running, running
from bench.trace import GATHER_S, arrivals_of, played_text
from bench.trace_world import build, world_of
from traffic.arrivals import Arrival
from traffic.waits import Fates, accepted_puts, fates_of, quantile

SPEEDS = (1.0, 8.0)
TURN_S = 8.0
TURNS = LEAST_ROUNDS + 1
MOST_OF_BULLMQ = 0.5
OURS, DEBOUNCING = "ours", f"BullMQ {DEBOUNCE}"
OTHERS = (DEBOUNCING, f"BullMQ {KEEP_LAST}", "plain Celery")

Results = Mapping[float, tuple[Rounds, Mapping[str, Taken]]]


def measure(options: Options) -> Figure:
    """Play the same stretches to everybody, at every speed."""
    speeds = (options.speed,) if options.speed else SPEEDS
    stretches = stretches_of(arrivals_of(replace(options, speed=None, seconds=None)), speeds, options.seconds or TURN_S)
    with TemporaryDirectory(prefix="bench-") as directory, running() as system, ExitStack() as ends:
        build(system.api, world_of([each for of_speed in stretches.values() for one in of_speed for each in one]))
        sides, missing = _started(ends, system, Path(directory), names=options.names)
        results: dict[float, tuple[Rounds, Mapping[str, Taken]]] = {}
        taken: Mapping[str, Taken] = {}
        for speed in speeds:
            rounds, taken = _rounds(sides, stretches[speed], taken)
            results[speed] = rounds, taken
        counts, slots = accounts.totals(system.redis), accounts.by_slot(system.redis)
    figure = figure_of(options, results)
    figure.notes += missing
    figure.faults += [fault for side in sides for fault in side.faults]
    figure.faults += accounts.complaints(counts, slots, len(taken[OURS].all_recorded()))
    return figure


def stretches_of(
    arrivals: Sequence[Arrival], speeds: Sequence[float], turn_s: float
) -> dict[float, list[list[Arrival]]]:
    """For each speed the stretches of its turns, one behind the other; times count from a stretch's beginning.

    Raises:
        ValueError: The trace is too short for them.
    """
    begins_s, found = 0.0, dict[float, list[list[Arrival]]]()
    needed_s = sum(speeds) * TURNS * turn_s
    if needed_s > arrivals[-1].t_s:
        raise ValueError(f"expected a trace of {needed_s:g} s or more, got one of {arrivals[-1].t_s:g} s")
    for speed in speeds:
        found[speed] = []
        for _ in range(TURNS):
            ends_s = begins_s + speed * turn_s
            within = (each for each in arrivals if begins_s <= each.t_s < ends_s)
            found[speed].append([replace(each, t_s=(each.t_s - begins_s) / speed) for each in within])
            begins_s = ends_s
    return found


def _started(ends: ExitStack, system: Running, directory: Path, *, names: bool) -> tuple[list[Side], list[str]]:
    sides: list[Side] = [Ours(system, names=names), PlainCelery(ends, system, directory, names=names)]
    try:
        sides += [BullMQ(mode, ends, system, directory, names=names) for mode in (DEBOUNCE, KEEP_LAST)]
    except MissingError as missing:
        return sides, [str(missing)]
    return sides, []


def _rounds(
    sides: Sequence[Side], stretches: Sequence[list[Arrival]], earlier: Mapping[str, Taken]
) -> tuple[Rounds, dict[str, Taken]]:
    taken = {side.name: Taken(earlier.get(side.name)) for side in sides}
    left: dict[str, Iterator[list[Arrival]]] = {side.name: iter(stretches) for side in sides}

    def turn(side: Side) -> float:
        return side.turn(next(left[side.name]), taken[side.name])

    return Rounds({side.name: partial(turn, side) for side in sides}, rounds=TURNS - 1), taken


def figure_of(options: Options, results: Results) -> Figure:
    """The figure: for each speed the ratios, then what each side took and did."""
    figure = Figure(f"{played_text(options)}, gather time {GATHER_S:g} s; a worker's processor time by receipt")
    for speed, (rounds, taken) in results.items():
        for other in (other for other in OTHERS if other in rounds.values):
            most = MOST_OF_BULLMQ if other == DEBOUNCING else None
            redis = median(taken[OURS].redis_us[1:]) / median(taken[other].redis_us[1:])
            note = f"Redis {redis:.2f} x"
            figure.compare(f"speed {speed:g}: {OURS} / {other}", rounds.ratio(OURS, other), most=most, note=note)
    for speed, (rounds, taken) in results.items():
        for name in rounds.values:
            fates = _fates_of(taken[name])
            text = f"speed {speed:g}: {name}"
            figure.add(text, round(rounds.of(name).median), "µs", note=_note(taken[name], fates))
            if name == OURS:
                figure.demand(not fates.uncovered, f"{text}: {len(fates.uncovered):,} receipts were covered by no PUT")
                figure.demand(not fates.backwards, f"{text}: {len(fates.backwards):,} PUTs of an edit went backwards")
    return figure


def _fates_of(taken: Taken) -> Fates:
    """What became of the receipts of this speed, knowing what was covered before."""
    fates, since_s = fates_of(taken.all_recorded(), accepted_puts(taken.all_calls())), taken.recorded[0].recorded_s
    fates.waits = [wait for wait in fates.waits if wait.receipt.recorded_s >= since_s]
    fates.uncovered = [receipt for receipt in fates.uncovered if receipt.recorded_s >= since_s]
    return fates


def _note(taken: Taken, fates: Fates) -> str:
    puts = sum(call.method == "PUT" for call in taken.calls)
    waits_s = fates.waits_s
    waits = f"wait p50 {quantile(waits_s, 0.5):.1f} s, max {waits_s[-1]:.1f} s" if waits_s else "none covered"
    not_covered = f"{len(fates.uncovered):,} covered by no PUT"
    receipts = f"{len(taken.recorded):,} receipts, {puts:,} PUTs, {not_covered}"
    return f"Redis {median(taken.redis_us[1:]):.0f} µs; {receipts}; {waits}"
