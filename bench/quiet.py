"""`quiet`: a single mark in a system that has nothing else to do: from recording to the PUT's arrival at the chat API.

Every mark goes into a slot of its own, and the next one waits for its PUT. A plain Celery task that sends the same PUT
takes turns with it, round by round, against the same Redis and the same sandbox, so that both meet the same machine.
The task keeps its connection open.
The third side is a worker whose syncs are over before the next mark comes: what the first mark after a pause takes.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from bench.figure import Figure
from bench.options import Options
from bench.peers import plain
from bench.peers.starting import PROCESSES, broker_url, start_celery
from bench.rounds import LEAST_ROUNDS, Rounds, spread
from bench.running import Running, running
from receipt_sync import ReceiptQueue
from traffic.waits import quantile

OURS, PLAIN, FIRST = "ours", "plain Celery", "the first after a pause"
MARKS = {OURS: 300, PLAIN: 300, FIRST: 40}  # of a round; a p99 needs hundreds
SHORT_SYNC_S = 0.1
SPACING_S = {OURS: 0.03, PLAIN: 0.03, FIRST: SHORT_SYNC_S + 0.06}
TURNS = LEAST_ROUNDS + 1  # with the warm-up
ARRIVES_WITHIN_S = 10.0
USER = 7
MOST_P50, MOST_P99 = 1.5, 1.0

Mark = Callable[[str], object]
Turns = dict[str, list[list[float]]]


def measure(_options: Options) -> Figure:
    """Send marks one by one, in rounds by all ways."""
    with running() as system:
        dialogs = iter(_build_dialogs(system, TURNS * sum(MARKS.values())))
        marks = {OURS: _started_ours(system), PLAIN: _started_plain(system), FIRST: _started_first(system)}
        system.api.clear_journal()
        turns: Turns = {name: [] for name in marks}

        def side(name: str) -> Callable[[], float]:
            def turn() -> float:
                some = islice(dialogs, MARKS[name])
                turns[name].append(sorted(_lead_ms(system, marks[name], each, SPACING_S[name]) for each in some))
                return quantile(turns[name][-1], 0.5)

            return turn

        Rounds({name: side(name) for name in marks})
        return figure_of(turns, _puts(system))


def figure_of(turns: Mapping[str, Sequence[Sequence[float]]], puts: int) -> Figure:
    """The figure for each side's sorted times, turn by turn, the warm-up first, and the number of PUTs that arrived."""
    apart_ms = 1000 * SPACING_S[OURS]
    figure = Figure(f"{TURNS - 1} rounds of single marks, each into a fresh slot, {apart_ms:.0f} ms apart")
    times = {name: sorted(each for turn in of_side[1:] for each in turn) for name, of_side in turns.items()}
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    for name in (OURS, PLAIN):
        for what, share in shares.items():
            figure.add(f"{name}, {what}", quantile(times[name], share), "ms", note=_NOTES[name])
    figure.add(f"{FIRST}, p50", quantile(times[FIRST], 0.5), "ms", note=_NOTES[FIRST])
    for name, what, most in ((OURS, "p50", MOST_P50), (OURS, "p99", MOST_P99), (FIRST, "p50", MOST_P50)):
        rounds = zip(turns[name][1:], turns[PLAIN][1:], strict=True)
        share = shares[what]
        ratio = spread([quantile(turn, share) / quantile(plain, share) for turn, plain in rounds])
        figure.compare(f"{name} / {PLAIN}, {what}", ratio, most=most)
    expected = sum(len(turn) for of_side in turns.values() for turn in of_side)
    figure.demand(puts == expected, f"{expected} marks were made, {puts} PUTs arrived")
    return figure


_NOTES = {
    OURS: "from the call's return to the PUT's arrival",
    PLAIN: "the same, of a task for each mark",
    FIRST: "no sync stays: by ticker, doorbell and broker",
}


def _lead_ms(system: Running, mark: Mark, dialog: str, spacing_s: float) -> float:
    """Make one mark, wait for its PUT, then for the next mark's time.

    Raises:
        TimeoutError: No PUT arrived.
    """
    last_seq, began_s = system.calls_seen, time.monotonic()
    mark(dialog)
    returned_s = time.time()
    calls = system.api.journal(last_seq, ARRIVES_WITHIN_S)
    if not calls or calls[0].method != "PUT":
        raise TimeoutError(f"no PUT within {ARRIVES_WITHIN_S:g} s of a mark")
    system.calls_seen = calls[-1].seq
    time.sleep(max(0.0, began_s + spacing_s - time.monotonic()))
    return 1000 * max(0.0, calls[0].arrived - returned_s)


def _puts(system: Running) -> int:
    return sum(call.method == "PUT" for call in system.api.journal())


def _build_dialogs(system: Running, count: int) -> list[str]:
    ids = [f"{number:024x}" for number in range(1, count + 1)]
    dialogs = [{"_id": id_, "type": 2, "occupants_ids": [USER]} for id_ in ids]
    system.api.build_world(users=[USER], dialogs=dialogs)
    return ids


def _started_ours(system: Running) -> Mark:
    system.start_workers(1, {"WORKER_CONCURRENCY": str(PROCESSES)})
    return lambda dialog: system.queue.mark_dialog_read(dialog, user_id=USER)


def _started_plain(system: Running) -> Mark:
    plain.app.conf.broker_url = broker_url(system)
    start_celery(system, "plain", plain.__name__)
    return lambda dialog: plain.mark_dialog_read.delay(dialog, USER)


def _started_first(system: Running) -> Mark:
    url = _database(system, 2)
    settings = {"REDIS_URL": url, "RECEIPTS_SYNC_TIME_S": str(SHORT_SYNC_S), "WORKER_CONCURRENCY": str(PROCESSES)}
    system.start_workers(1, settings, "short")
    queue = ReceiptQueue(url, timeout_s=5)
    return lambda dialog: queue.mark_dialog_read(dialog, user_id=USER)


def _database(system: Running, number: int) -> str:
    return f"{system.redis_server.url.removesuffix('/0')}/{number}"
