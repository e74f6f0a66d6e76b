"""The sides of `burst`: each takes a burst of marks, and is done when every one is covered by a PUT."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence

import redis
from celery import Task

from bench import accounts
from bench.peers import floor
from bench.peers.starting import broker_url
from bench.processor import processor_s
from bench.running import Running, wait_until
from bench.turns import Turns
from receipt_sync import MarkRead
from stack.process import Process
from traffic.waits import Recorded, accepted_puts, fates_of

COVERED_WITHIN_S = 300.0
TOGETHER = 1_000
_LOCKS = "SINGLETONLOCK_*"


class Side(ABC):
    """A worker, and how marks are handed over to it.

    Attributes:
        marks: Of one turn.
        turns: What they have taken; its own processor time is the worker's.
        worker: The process; its children are counted with it.
        puts: What each turn has sent.
        uncovered: Receipts of all turns that no PUT followed, where a side may lose some.
    """

    def __init__(self, system: Running, worker: Process, marks: Sequence[MarkRead]) -> None:
        self.marks, self.worker, self.puts, self.uncovered = marks, worker, list[int](), 0
        self.turns = Turns(system, lambda: processor_s([worker.pid]))
        self._system = system

    def turn(self) -> float:
        """Take a turn; answers seconds for each mark."""
        before = self._applied()
        self.prepare()
        wall_s = self.turns.take(self.work).wall_s
        self.puts.append(self._applied() - before)
        return wall_s / len(self.marks)

    def prepare(self) -> None:  # noqa: B027 - most sides have nothing to prepare
        """What comes before the time that counts."""

    @abstractmethod
    def work(self) -> None:
        """Hand over, and wait until all is covered.

        Raises:
            TimeoutError: It is not in time.
        """

    def _applied(self) -> int:
        return int(self._system.api.counts()["applied"])

    def _in_batches(self) -> list[Sequence[MarkRead]]:
        return [self.marks[start : start + TOGETHER] for start in range(0, len(self.marks), TOGETHER)]


class Ours(Side):
    """Recorded by `record_many`, a thousand in a call."""

    def work(self) -> None:
        """Record; until nothing waits and nothing is in flight."""
        for batch in self._in_batches():
            self._system.queue.record_many(batch)
        client = self._system.redis
        _require(wait_until(lambda: accounts.at_rest(accounts.totals(client)), COVERED_WITHIN_S), "ours")


class Plain(Side):
    """A Celery task for each receipt. All are in the queue before its time begins: what sending costs is left out."""

    def __init__(self, system: Running, worker: Process, marks: Sequence[MarkRead], task: Task, queue: str) -> None:
        super().__init__(system, worker, marks)
        self._task, self._queue = task, queue

    def prepare(self) -> None:
        """Send the tasks while the worker is paused."""
        self.worker.pause()
        for mark in self.marks:
            self._task.apply_async((mark.dialog_id, mark.user_id), queue=self._queue)

    def work(self) -> None:
        """Let the worker go on; until there were as many PUTs as receipts."""
        wanted = self._applied() + len(self.marks)
        self.worker.resume()
        _require(wait_until(lambda: self._applied() >= wanted, COVERED_WITHIN_S), "plain Celery")


class Singleton(Side):
    """The same, but while a task of the same arguments waits or runs, the next one is dropped by its sender.

    So sending is where it joins receipts, and belongs to its time, as recording belongs to ours.
    """

    def __init__(self, system: Running, worker: Process, marks: Sequence[MarkRead], task: Task, queue: str) -> None:
        super().__init__(system, worker, marks)
        self._task, self._queue, self._broker = task, queue, redis.Redis.from_url(broker_url(system))

    def work(self) -> None:
        """Send; until no task waits and none runs, for then nothing more will come."""
        after = self._last_call()
        sent = []
        for mark in self.marks:
            sent.append(Recorded(time.time(), "read", mark.dialog_id, int(mark.user_id or 0), "", 0, ""))
            self._task.apply_async((mark.dialog_id, mark.user_id), queue=self._queue)
        _require(wait_until(self._is_idle, COVERED_WITHIN_S), "celery-singleton")
        self.uncovered += len(fates_of(sent, accepted_puts(self._system.api.journal(after))).uncovered)

    def _last_call(self) -> int:
        calls = self._system.api.journal(self._system.calls_seen)
        self._system.calls_seen = calls[-1].seq if calls else self._system.calls_seen
        return self._system.calls_seen

    def _is_idle(self) -> bool:
        waits = self._broker.llen(self._queue) or self._broker.hlen("unacked")
        return not waits and next(self._broker.scan_iter(_LOCKS, count=TOGETHER), None) is None


class Floor(Side):
    """The asyncio worker: receipts are pushed into its list, a thousand in a call."""

    def __init__(self, system: Running, worker: Process, marks: Sequence[MarkRead]) -> None:
        super().__init__(system, worker, marks)
        self._broker = redis.Redis.from_url(broker_url(system))
        self._wanted = 0

    def work(self) -> None:
        """Push; until it says that as many are covered."""
        self._wanted += len(self.marks)
        for batch in self._in_batches():
            self._broker.rpush(floor.QUEUE, *(json.dumps((mark.dialog_id, mark.user_id)) for mark in batch))
        _require(wait_until(self._is_done, COVERED_WITHIN_S), "the floor")

    def _is_done(self) -> bool:
        return int(self._broker.get(floor.COVERED) or 0) >= self._wanted


def _require(done: bool, who: str) -> None:  # noqa: FBT001 - what was waited for
    if not done:
        raise TimeoutError(f"{who}: not all was covered within {COVERED_WITHIN_S:g} s")
