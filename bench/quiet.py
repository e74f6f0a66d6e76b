"""`quiet`: a single mark in a system that has nothing else to do: from recording to the PUT's arrival at the chat API.

Every mark goes into a slot of its own, and the next one waits for its PUT. A plain Celery task that sends the same PUT
takes turns with it, round by round, against the same Redis and the same sandbox, so that both meet the same machine.
The task keeps its connection open. A receipt takes one hop more than a task: the ledger wakes a ticker, which enqueues
it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from bench import plain_celery
from bench.figure import Figure
from bench.options import Options
from bench.plain_running import start_plain
from bench.running import Running, running
from traffic.waits import quantile

ROUNDS = 6
MARKS_PER_ROUND = 50
WARM_UP = 50
SPACING_S = 0.03
ARRIVES_WITHIN_S = 10.0
CONCURRENCY = "4"
USER = 7
MOST_P50_MS, MOST_P99_MS = 15.0, 60.0

Mark = Callable[[str], object]


def measure(_options: Options) -> Figure:
    """Send marks one by one, in rounds by both ways."""
    with running() as system:
        dialogs = iter(_build_dialogs(system, 2 * (WARM_UP + ROUNDS * MARKS_PER_ROUND)))
        system.start_workers(1, {"WORKER_CONCURRENCY": CONCURRENCY})
        ours, plain = _ours(system), _started_plain(system)
        system.api.clear_journal()
        for mark in (ours, plain):
            _leads_ms(system, mark, islice(dialogs, WARM_UP))
        ours_ms: list[float] = []
        plain_ms: list[float] = []
        for _ in range(ROUNDS):
            ours_ms += _leads_ms(system, ours, islice(dialogs, MARKS_PER_ROUND))
            plain_ms += _leads_ms(system, plain, islice(dialogs, MARKS_PER_ROUND))
        return figure_of(sorted(ours_ms), sorted(plain_ms), _puts(system))


def figure_of(ours_ms: Sequence[float], plain_ms: Sequence[float], puts: int) -> Figure:
    """The figure for sorted times and the number of PUTs that arrived, warm-up included."""
    figure = Figure(f"{len(ours_ms)} single marks, each into a fresh slot, {1000 * SPACING_S:.0f} ms apart")
    note = "from the call's return to the PUT's arrival"
    for name, share, most in (("p50", 0.5, MOST_P50_MS), ("p99", 0.99, MOST_P99_MS), ("max", 1.0, None)):
        figure.add(f"ours {name}", quantile(ours_ms, share), "ms", most=most, note=note)
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        figure.add(f"plain Celery {name}", quantile(plain_ms, share), "ms", note="the same, of a task for each mark")
    figure.add("ours / plain Celery, p50", quantile(ours_ms, 0.5) / quantile(plain_ms, 0.5))
    expected = len(ours_ms) + len(plain_ms) + 2 * WARM_UP
    figure.demand(puts == expected, f"{expected} marks were made, {puts} PUTs arrived")
    return figure


def _leads_ms(system: Running, mark: Mark, dialogs: Iterator[str]) -> list[float]:
    return [_lead_ms(system, mark, dialog) for dialog in dialogs]


def _lead_ms(system: Running, mark: Mark, dialog: str) -> float:
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
    time.sleep(max(0.0, began_s + SPACING_S - time.monotonic()))
    return 1000 * max(0.0, calls[0].arrived - returned_s)


def _puts(system: Running) -> int:
    return sum(call.method == "PUT" for call in system.api.journal())


def _build_dialogs(system: Running, count: int) -> list[str]:
    ids = [f"{number:024x}" for number in range(1, count + 1)]
    dialogs = [{"_id": id_, "type": 2, "occupants_ids": [USER]} for id_ in ids]
    system.api.build_world(users=[USER], dialogs=dialogs)
    return ids


def _ours(system: Running) -> Mark:
    return lambda dialog: system.queue.mark_dialog_read(dialog, user_id=USER)


def _started_plain(system: Running) -> Mark:
    start_plain(system, CONCURRENCY)
    return lambda dialog: plain_celery.app.send_task(plain_celery.TASK, (dialog, USER), queue=plain_celery.QUEUE)
