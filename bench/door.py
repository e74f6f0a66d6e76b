"""`door`: receipts through the broker's door, from `send_task` to the ledger, against a Celery task that does nothing.

Both workers find their messages in the queue: they are paused while these are sent, so that the sender's cost, which is
the same, is not measured. What our worker does more than the other one: it looks at every message before Celery may,
records the receipt, takes a message off the broker only then, and tells Flower of every task. Nothing is due
meanwhile: what a PUT costs is another figure.
"""

from collections.abc import Callable, Mapping

import redis
from celery import Celery

from bench import accounts
from bench.figure import Figure
from bench.options import Options
from bench.peers import plain
from bench.peers.starting import PROCESSES, broker_url, start_celery
from bench.processor import processor_s
from bench.rounds import Rounds
from bench.running import Running, running, wait_until
from bench.turns import Turns
from receipt_sync.calls import READ
from stack.process import Process

RECEIPTS = 3_000
DIALOGS = 1_000
# More than others: five said 0.67 and 0.91 on one day (docs/decisions/0042).
ROUNDS = 15
LEAST_RATIO = 0.9
CONSUMED_WITHIN_S = 120.0
GATHER_S = "3600"


class Side:
    """A worker and its queue.

    Attributes:
        turns: What they have taken; its own processor time is the worker's.
    """

    def __init__(self, system: Running, worker: Process, url: str, task: str, queue: str) -> None:
        self.turns = Turns(system, lambda: processor_s([worker.pid]))
        self._worker, self._task, self._queue = worker, task, queue
        self._app = Celery("sender", broker=url)
        self._broker = redis.Redis.from_url(url)

    def turn(self, receipts: int) -> float:
        """Send while the worker is paused, then let it take all; answers messages a second."""
        self._worker.pause()
        for number in range(receipts):
            call = {"dialog_id": f"{number % DIALOGS:024x}", "user_id": 1 + number % 7}
            self._app.send_task(self._task, kwargs=call, queue=self._queue, ignore_result=True)
        return receipts / self.turns.take(self._consume).wall_s

    def _consume(self) -> None:
        self._worker.resume()
        if not wait_until(self._is_empty, CONSUMED_WITHIN_S):
            raise TimeoutError(f"{self._queue} was not empty after {CONSUMED_WITHIN_S:g} s")

    def _is_empty(self) -> bool:
        """Whether no message waits, and none is in a worker's hands."""
        return not self._broker.llen(self._queue) and not self._broker.hlen("unacked")


def measure(options: Options) -> Figure:
    """Let both take their messages, in turns."""
    receipts = options.receipts or RECEIPTS
    with running() as system:
        sides = _started(system)
        rounds = Rounds({name: _turn_of(side, receipts) for name, side in sides.items()}, ROUNDS)
        figure = figure_of(receipts, rounds, {name: side.turns for name, side in sides.items()})
        counts, sent = accounts.totals(system.redis), receipts * len(sides["ours"].turns)
        figure.demand(counts["recorded"] == sent, f"{sent:,} receipts were sent, {counts['recorded']:,} recorded")
        return figure


def _turn_of(side: Side, receipts: int) -> Callable[[], float]:
    return lambda: side.turn(receipts)


def _started(system: Running) -> dict[str, Side]:
    gather = {"RECEIPTS_GATHER_MIN_S": GATHER_S, "RECEIPTS_GATHER_MAX_S": GATHER_S}
    [ours] = system.start_workers(1, {"WORKER_CONCURRENCY": str(PROCESSES), **gather})
    peer = start_celery(system, "plain", plain.__name__)
    return {
        "ours": Side(system, ours, system.redis_server.url, READ, "receipts"),
        "plain": Side(system, peer, broker_url(system), plain.nothing.name, plain.app.conf.task_default_queue),
    }


def figure_of(receipts: int, rounds: Rounds, turns: Mapping[str, Turns]) -> Figure:
    """The figure for messages a second of `ours` and `plain`, and what their turns have taken."""
    figure = Figure(f"{receipts:,} messages a turn, waiting in the queue; {PROCESSES} processes each")
    figure.compare("ours / a task that does nothing", rounds.ratio("ours", "plain"), least=LEAST_RATIO)
    for name, what in (("ours", "recorded"), ("plain", "done nothing for")):
        own_us = turns[name].us_each(lambda spent: spent.own_s, receipts)
        redis_us = turns[name].us_each(lambda spent: spent.redis_s, receipts)
        figure.add(f"{name}: messages a second", rounds.of(name).median, note=f"{what}; {rounds.of(name).text}")
        figure.add(f"{name}: processor time a message", own_us, "us", note="the worker's processes")
        figure.add(f"{name}: of Redis", redis_us, "us", note="a message")
    return figure
