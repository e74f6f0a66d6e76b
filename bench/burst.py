"""`burst`: 100,000 marks over 1,000 dialogs at once, to "all covered": time, and the workers' processor time.

A peer that sends a PUT for each receipt takes a share of the burst and is counted by the receipt; that its time grows
with the receipts is measured too. The floor, an asyncio worker that promises nothing, takes the whole burst.
"""

from collections.abc import Mapping, Sequence
from random import Random
from statistics import median

from bench import accounts
from bench.burst_sides import Floor, Ours, Plain, Side, Singleton
from bench.drain import build_slots
from bench.figure import Figure
from bench.options import Options
from bench.peers import floor, plain, singleton
from bench.peers.starting import CALLS_AT_ONCE, PROCESSES, broker_url, start_celery, start_module
from bench.rounds import Rounds, spread
from bench.running import Running, running
from receipt_sync import MarkRead
from stack.process import Process

RECEIPTS = 100_000
RECEIPTS_EACH = 100
LEAST_RATIO = 20.0
PREFORK_QUEUE, THREADS_QUEUE = "plain-prefork", "plain-threads"
SINGLETON_QUEUE, SINGLETON_THREADS_QUEUE = "singleton-prefork", "singleton-threads"
# Of the burst; a peer's turn should last seconds, not minutes.
PLAIN_SHARE, SINGLETON_SHARE = 100, 10
LONGER = 4
OURS, PREFORK, THREADS = "ours", "plain, prefork", "plain, threads"
SINGLETON, SINGLETON_THREADS = "celery-singleton, prefork", "celery-singleton, threads"
FLOOR = "asyncio floor"
USER = 7


def measure(options: Options) -> Figure:
    """Let all take their burst, in turns."""
    receipts = options.receipts or RECEIPTS
    with running() as system:
        build_slots(system.api, burst(receipts))
        sides = _started(system, receipts)
        system.api.clear_journal()
        rounds = Rounds({name: side.turn for name, side in sides.items()})
        longer = _prefork(system, sides[PREFORK].worker, burst(receipts, PLAIN_SHARE) * LONGER)
        figure = figure_of(receipts, rounds, sides, longer.turn())
        counts, recorded = accounts.totals(system.redis), receipts * len(sides[OURS].turns)
        figure.faults += accounts.complaints(counts, accounts.by_slot(system.redis), recorded)
        return figure


def _prefork(system: Running, worker: Process, marks: Sequence[MarkRead]) -> Plain:
    return Plain(system, worker, marks, plain.mark_dialog_read, PREFORK_QUEUE)


def burst(receipts: int, share: int = 1) -> list[MarkRead]:
    """A share of the marks of so many receipts, a hundred for each of its dialogs, in an order that mixes them."""
    dialogs = max(1, receipts // share // RECEIPTS_EACH)
    marks = [MarkRead(dialog_id=f"{1 + number % dialogs:024x}", user_id=USER) for number in range(receipts // share)]
    Random(receipts).shuffle(marks)
    return marks


def _started(system: Running, receipts: int) -> dict[str, Side]:
    [worker] = system.start_workers(1, {"QUICKBLOX_RATE_PER_S": "0", "WORKER_CONCURRENCY": str(PROCESSES)})
    for app in (plain.app, singleton.app):
        app.conf.broker_url = broker_url(system)
    prefork = start_celery(system, "prefork", plain.__name__, "-Q", PREFORK_QUEUE)
    pool = ("--pool=threads", f"--concurrency={CALLS_AT_ONCE}")
    threads = start_celery(system, "threads", plain.__name__, "-Q", THREADS_QUEUE, *pool)
    singles = {
        SINGLETON: (SINGLETON_QUEUE, start_celery(system, "single", singleton.__name__, "-Q", SINGLETON_QUEUE)),
        SINGLETON_THREADS: (
            SINGLETON_THREADS_QUEUE,
            start_celery(system, "single-threads", singleton.__name__, "-Q", SINGLETON_THREADS_QUEUE, *pool),
        ),
    }
    whole, share, tenth = burst(receipts), burst(receipts, PLAIN_SHARE), burst(receipts, SINGLETON_SHARE)
    return {
        OURS: Ours(system, worker, whole),
        PREFORK: _prefork(system, prefork, share),
        THREADS: Plain(system, threads, share, plain.mark_dialog_read, THREADS_QUEUE),
        **{
            name: Singleton(system, peer, tenth, singleton.mark_dialog_read, queue)
            for name, (queue, peer) in singles.items()
        },
        FLOOR: Floor(system, start_module(system, "floor", floor.__name__), whole),
    }


def figure_of(receipts: int, rounds: Rounds, sides: Mapping[str, Side], longer_s: float) -> Figure:
    """The figure.

    Args:
        receipts: Of the whole burst.
        rounds: Each side's seconds for a receipt.
        sides: What else they have taken.
        longer_s: Seconds for a receipt in a turn of plain Celery that was some times as long.
    """
    each = f"{PROCESSES} processes each; threads, connections: {CALLS_AT_ONCE}"
    figure = Figure(f"{receipts:,} marks over {receipts // RECEIPTS_EACH:,} dialogs, no rate, {each}")
    own = {name: [spent.own_s / len(side.marks) for spent in side.turns.rounds] for name, side in sides.items()}
    for name in (name for name in sides if name != OURS):
        least = LEAST_RATIO if name == PREFORK else None
        figure.compare(f"{name} / ours: time", rounds.ratio(name, OURS), least=least)
        processor = spread([theirs / ours for theirs, ours in zip(own[name], own[OURS], strict=True)])
        figure.compare(f"{name} / ours: processor time", processor, least=least, note="the worker's processes")
    for name, side in sides.items():
        share = "" if len(side.marks) == receipts else f"counted from {len(side.marks):,}, by the receipt"
        figure.add(f"{name}: seconds to all covered", receipts * rounds.of(name).median, "s", note=share)
        figure.add(f"{name}: processor time", receipts * median(own[name]), "s", note="the worker's processes")
        puts = median(side.puts[1:]) * receipts / len(side.marks)
        figure.add(f"{name}: PUTs", puts, note=share)
    linear = longer_s / rounds.of(PREFORK).median
    figure.add(f"{PREFORK}: a receipt in {LONGER} x as many", linear, "x", note="of one in its own turns: about 1")
    for name in (SINGLETON, SINGLETON_THREADS):
        lost, sent = sides[name].uncovered, len(sides[name].marks) * len(sides[name].turns)
        figure.add(f"{name}: receipts covered by no PUT", lost, note=f"of {sent:,}")
    return figure
