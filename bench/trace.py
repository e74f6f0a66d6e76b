"""`trace`: a recorded trace in real time, with a fixed gather time and no cap: how well coalescing does its work.

The receipts come at the arrival times of real chats. The yardstick is the oracle: the fewest PUTs with which every
receipt is covered within the gather time, for one that knows the future but not that a mark naming a covered message
needs no PUT. Hence `--without-names` for a comparison of like with like, and a ratio that may lie below 1 with names.

One run: the oracle is calculated from the same receipts, so there is nobody to take turns with.
"""

from collections import Counter
from collections.abc import Sequence

from bench import accounts
from bench.figure import Figure
from bench.options import Options
from bench.playing import Played, play
from bench.running import running, wait_until
from bench.trace_world import build, one_dialog_each, world_of
from sandbox.client import Call
from traffic.arrivals import Arrival
from traffic.busy_chat import busy_chat
from traffic.oracle import fewest_puts
from traffic.recorded import load
from traffic.waits import Fates, accepted_puts, fates_of, quantile

GATHER_S = 2.0
MOST_RATIO = 1.02
MOST_WAIT_S = 2.5
SETTLED_WITHIN_S = 60.0
GENERATED_RECEIPTS = 76_000
GENERATED_S = 600.0
SETTINGS = {
    "RECEIPTS_GATHER_MIN_S": f"{GATHER_S:g}",
    "RECEIPTS_GATHER_MAX_S": f"{GATHER_S:g}",
    "QUICKBLOX_RATE_PER_S": "0",
}


def measure(options: Options) -> Figure:
    """Play the trace and hold every receipt against the PUTs that arrived."""
    arrivals = arrivals_of(options)
    with running() as system:
        build(system.api, world_of(arrivals))
        system.start_workers(options.workers, SETTINGS)
        system.api.clear_journal()
        played = play(system.queue, arrivals, names=options.names)
        wait_until(lambda: accounts.at_rest(accounts.totals(system.redis)), SETTLED_WITHIN_S)
        calls, counts = system.api.journal(), accounts.totals(system.redis)
        return figure_of(options, arrivals, played, calls, counts, accounts.by_slot(system.redis))


def arrivals_of(options: Options) -> list[Arrival]:
    """The trace, or a made-up day, as it is played: cut and sped up."""
    speed = options.speed or 1.0
    if options.trace is not None:
        arrivals = load(options.trace, speed)
    else:
        arrivals = list(busy_chat(1, GENERATED_RECEIPTS, GENERATED_S / speed).arrivals)
    until_s = float("inf") if options.seconds is None else options.seconds / speed
    return one_dialog_each(arrival for arrival in arrivals if arrival.t_s < until_s)


def figure_of(
    options: Options,
    arrivals: Sequence[Arrival],
    played: Played,
    calls: Sequence[Call],
    counts: Counter[str],
    slots: Counter[str],
) -> Figure:
    """The figure for what was recorded, what the sandbox was asked, and the ledger's accounts afterwards."""
    fates = fates_of(played.recorded, accepted_puts(calls))
    figure = Figure(
        f"{played_text(options)}, gather time {GATHER_S:g} s, speed {options.speed or 1:g}, {options.workers} worker(s)"
    )
    _add_puts(figure, arrivals, calls, fates)
    _add_waits(figure, fates)
    _add_player(figure, played)
    figure.add("absorbed by the ledger's account", counts["absorbed"])
    figure.faults += accounts.complaints(counts, slots, len(played.recorded))
    figure.demand(not fates.uncovered, f"{len(fates.uncovered):,} receipts were covered by no PUT")
    figure.demand(not fates.backwards, f"{len(fates.backwards):,} PUTs of an edit went backwards")
    return figure


def played_text(options: Options) -> str:
    """What is played, for a title."""
    source = options.trace.name if options.trace else "a made-up day"
    return f"{source}, {'marks name their messages' if options.names else 'marks name nothing'}"


def _add_puts(figure: Figure, arrivals: Sequence[Arrival], calls: Sequence[Call], fates: Fates) -> None:
    puts = sum(call.method == "PUT" for call in calls)
    fewest = fewest_puts(arrivals, GATHER_S)
    figure.add("receipts", len(arrivals), note=f"over {arrivals[-1].t_s:,.0f} s")
    figure.add("PUTs", puts, note=f"{len(fates.needless):,} of them covered nothing")
    figure.add("fewest possible", fewest, note="the oracle's, which does not know names")
    figure.add("PUTs / fewest possible", puts / fewest, most=MOST_RATIO)
    figure.add("PUTs / receipts", puts / len(arrivals))


def _add_waits(figure: Figure, fates: Fates) -> None:
    waits_s = fates.waits_s
    figure.add("covered by a PUT", len(waits_s))
    figure.add("absorbed, needed no PUT", len(fates.absorbed))
    for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)):
        figure.add(f"wait {name}", quantile(waits_s, share), "s", note="from recording to the PUT's arrival")
    figure.add("wait max", waits_s[-1], "s", most=MOST_WAIT_S)


def _add_player(figure: Figure, played: Played) -> None:
    calls_s, late_s = sorted(played.calls_s), sorted(played.late_s)
    figure.add("recording call p50", 1000 * quantile(calls_s, 0.5), "ms")
    figure.add("recording call p99", 1000 * quantile(calls_s, 0.99), "ms")
    figure.add("player late max", 1000 * late_s[-1], "ms", note="the load itself: later than the trace says")
