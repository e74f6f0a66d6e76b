"""`capped`: a trace pressed harder than the plan allows, beside longest-wait-first under the same cap.

The load is more than the cap can serve meanwhile, so what waits is the slots, each once however many receipts it has.
The oracle is given the times at which the receipts were really recorded, so a player that hesitates distorts nothing;
but one that falls behind, or a sandbox at its end, would make another load of it: then nothing is reported.

The mean wait is larger than the oracle's for two reasons, which are told apart by an oracle with the rate that was
reached: calls of the cap that were not used, and all else (order, and the hops from ledger to API). One run: the
oracle is calculated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench import accounts
from bench.capped_oracle import Schedule, longest_wait_first, mean
from bench.figure import Figure
from bench.options import Options
from bench.playing import Played, play
from bench.running import Running, running, wait_until
from bench.trace import arrivals_of, played_text
from bench.trace_world import build, world_of
from sandbox.client import Call
from traffic.arrivals import Arrival
from traffic.waits import Fates, accepted_puts, fates_of, quantile

SPEED = 8.0
MOST_RATIO = 1.10
TOGETHER = 64
MOST_LATE_S = 1.0
MOST_BUSY = 0.8
_PATIENCE, _PATIENCE_S = 1.5, 60.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run leaves behind.

    Attributes:
        played: What was recorded when.
        calls: The sandbox's journal.
        counts: Its counts.
        ledger: The ledger's.
        sandbox_busy: The share of one core that the sandbox took, 0 to 1.
        complaints: What does not balance in the ledger's accounts.
    """

    played: Played
    calls: Sequence[Call]
    counts: Mapping[str, Any]
    ledger: Mapping[str, int]
    sandbox_busy: float
    complaints: Sequence[str]


def measure(options: Options) -> Figure:
    """Play the trace under the cap, and wait until everything has arrived."""
    options = replace(options, speed=options.speed or SPEED)
    arrivals = arrivals_of(options)
    with running() as system:
        build(system.api, world_of(arrivals))
        system.start_workers(options.workers, {"QUICKBLOX_RATE_PER_S": f"{options.rate_per_s:g}"})
        system.api.clear_journal()
        return figure_of(options, arrivals, _evidence(system, options, arrivals))


def _evidence(system: Running, options: Options, arrivals: Sequence[Arrival]) -> Evidence:
    ideal = longest_wait_first(arrivals, options.rate_per_s, names=options.names)
    before = system.api.counts()
    played = play(system.queue, arrivals, names=options.names, together=TOGETHER)
    within_s = _PATIENCE * (ideal.calls_s[-1] - arrivals[-1].t_s) + _PATIENCE_S
    wait_until(lambda: accounts.at_rest(accounts.totals(system.redis)), within_s)
    calls, after, totals = system.api.journal(), system.api.counts(), accounts.totals(system.redis)
    complaints = accounts.complaints(totals, accounts.by_slot(system.redis), len(arrivals))
    lasted_s = calls[-1].arrived - played.recorded[0].recorded_s
    return Evidence(played, calls, after, totals, (after["cpu_s"] - before["cpu_s"]) / lasted_s, complaints)


def figure_of(options: Options, arrivals: Sequence[Arrival], found: Evidence) -> Figure:
    """The figure; the waits are left out where player or sandbox could not keep up."""
    figure = Figure(
        f"{played_text(options)}, speed {options.speed or SPEED:g}, at most {options.rate_per_s:g} calls a second, "
        f"{options.workers} worker(s)"
    )
    fates = fates_of(found.played.recorded, accepted_puts(found.calls))
    _add_load(figure, arrivals, found)
    figure.faults += found.complaints
    figure.demand(not fates.uncovered, f"{len(fates.uncovered):,} receipts were covered by no PUT")
    figure.demand(not fates.backwards, f"{len(fates.backwards):,} PUTs of an edit went backwards")
    recorded = _as_recorded(arrivals, found.played)
    ideal = longest_wait_first(recorded, options.rate_per_s, names=options.names)
    figure.demand(ideal.mean_s > 0, "the oracle has nobody wait: the load does not press against the cap")
    if not figure.faults:
        _add_comparison(figure, found.calls, fates, ideal)
        at_reached = longest_wait_first(recorded, _reached(found.calls), names=options.names)
        _add_reasons(figure, mean(fates.waits_s), at_reached, ideal)
        figure.add("calls a second", _reached(found.calls), note="between the first and the last")
        figure.add("calls in the busiest second", found.counts["peak_per_s"], most=options.rate_per_s)
        figure.add("handed back unsent", found.ledger.get("handed_back", 0), note="claimed too long ago for the pace")
    return figure


def _add_load(figure: Figure, arrivals: Sequence[Arrival], found: Evidence) -> None:
    late_s = max(found.played.late_s)
    figure.add("receipts", len(arrivals), note=f"over {arrivals[-1].t_s:,.0f} s")
    figure.add("player late max", 1000 * late_s, "ms", note="the load itself: later than the trace says")
    figure.add("sandbox busy", found.sandbox_busy, note="share of one core")
    figure.demand(late_s <= MOST_LATE_S, f"the player fell behind by {late_s:.1f} s: this is another load")
    figure.demand(found.sandbox_busy <= MOST_BUSY, "the sandbox was at its end: it was measured, not the worker")


def _as_recorded(arrivals: Sequence[Arrival], played: Played) -> list[Arrival]:
    start_s = played.recorded[0].recorded_s
    return [
        replace(arrival, t_s=recorded.recorded_s - start_s)
        for arrival, recorded in zip(arrivals, played.recorded, strict=True)
    ]


def _add_comparison(figure: Figure, calls: Sequence[Call], fates: Fates, ideal: Schedule) -> None:
    waits_s, mean_s = fates.waits_s, mean(fates.waits_s)
    figure.add("PUTs", len(calls), note=f"the oracle's {ideal.puts:,}; {len(fates.needless):,} covered nothing")
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        figure.add(f"wait {name}", quantile(waits_s, share), "s", note=f"the oracle's {ideal.wait_s(share):,.3f}")
    figure.add("wait mean", mean_s, "s", note=f"the oracle's {ideal.mean_s:,.3f}")
    figure.add("wait mean / the oracle's", mean_s / ideal.mean_s, most=MOST_RATIO)


def _add_reasons(figure: Figure, mean_s: float, at_reached: Schedule, ideal: Schedule) -> None:
    note = "the oracle at the rate reached / at the cap"
    figure.add("of it by calls not used", at_reached.mean_s / ideal.mean_s, note=note)
    figure.add("of it by all else", mean_s / at_reached.mean_s, note="the order, and the way from ledger to API")


def _reached(calls: Sequence[Call]) -> float:
    return (len(calls) - 1) / (calls[-1].arrived - calls[0].arrived)
