"""The sides of `recording`: each empties its part of Redis, records, and counts what has arrived there."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

import redis

from bench import accounts
from bench.bullmq.installation import MissingError
from bench.bullmq.producer import DEBOUNCE, KEEP_LAST, Job, Producer, receipts_of
from bench.peers import plain
from bench.processor import processor_s
from receipt_sync import MarkRead, ReceiptQueue
from stack.redis_server import RedisServer
from traffic.arrivals import Arrival

BATCH = 1_000
GATHER_S = 2.0
_BULLMQ_COUNTER = "bull:receipts:id"
_SLOTS = "slots"


class Sides:
    """Everybody's way to record, on databases of one Redis.

    Attributes:
        turns: One turn of each side, by its name: receipts a second.
        process_us: Processor time of this process by receipt, turn by turn; not for BullMQ, whose process is another.
        redis_us: The same of Redis.
        missing: Why there is no BullMQ; empty with it.
        faults: What did not arrive.
    """

    def __init__(
        self, ends: ExitStack, server: RedisServer, reads: Sequence[Arrival], few: int, *, names: bool
    ) -> None:
        """Connect everybody.

        Args:
            ends: Whoever has been started ends with it.
            server: Redis.
            reads: What is recorded in batches.
            few: How many of them are recorded one at a time.
            names: Whether our marks name their messages.
        """
        self._ends, self._server, self._reads, self._few, self._names = ends, server, reads, reads[:few], names
        self._redis = [ends.enter_context(self._client(number)) for number in range(4)]
        self._queue = ReceiptQueue(server.url, timeout_s=5)
        ends.callback(self._queue.close)
        plain.app.conf.broker_url = self._url(1)
        self.process_us: dict[str, list[float]] = defaultdict(list)
        self.redis_us: dict[str, list[float]] = defaultdict(list)
        self.missing = ""
        self.faults: list[str] = []
        self.turns: dict[str, Callable[[], float]] = {
            "mark_dialog_read": lambda: self._ours("mark_dialog_read", self._few, self._mark_each),
            "record_many": lambda: self._ours("record_many", self._reads, self._record_batches),
            "Celery .delay()": self._celery,
            "PING": self._ping,
            "pipelines": self._pipelines,
            **self._of_bullmq(),
        }

    def _client(self, database: int) -> redis.Redis:
        return redis.Redis.from_url(self._url(database), socket_timeout=60)

    def _url(self, database: int) -> str:
        return f"{self._server.url.removesuffix('/0')}/{database}"

    def _measure(self, name: str, receipts: int, record: Callable[[], object]) -> float:
        """Time a turn in this process; receipts a second."""
        redis_s, began_cpu_s, began_s = self._redis_s(), time.process_time(), time.perf_counter()
        record()
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        self.process_us[name].append(1e6 * cpu_s / receipts)
        self.redis_us[name].append(1e6 * (self._redis_s() - redis_s) / receipts)
        return receipts / took_s

    def _redis_s(self) -> float:
        return processor_s([self._server.process.pid])

    def _demand(self, name: str, arrived: int, recorded: int) -> None:
        if arrived != recorded:
            self.faults.append(f"{name}: {recorded:,} were recorded, {arrived:,} arrived")

    def _ours(self, name: str, reads: Sequence[Arrival], record: Callable[[Sequence[Arrival]], None]) -> float:
        client = self._redis[0]
        client.flushdb()
        rate = self._measure(name, len(reads), lambda: record(reads))
        self._demand(name, accounts.totals(client)["recorded"], len(reads))
        self._demand(f"{name}, slot by slot", accounts.by_slot(client)["recorded"], len(reads))
        return rate

    def _mark_each(self, reads: Sequence[Arrival]) -> None:
        for read in reads:
            self._queue.mark_dialog_read(read.dialog, user_id=read.user, up_to=read.message if self._names else None)

    def _record_batches(self, reads: Sequence[Arrival]) -> None:
        for start in range(0, len(reads), BATCH):
            self._queue.record_many(
                MarkRead(dialog_id=read.dialog, user_id=read.user, up_to=read.message if self._names else None)
                for read in reads[start : start + BATCH]
            )

    def _celery(self) -> float:
        client = self._redis[1]
        client.delete(plain.app.conf.task_default_queue)
        rate = self._measure("Celery .delay()", len(self._few), self._delay_each)
        self._demand("Celery .delay()", int(client.llen(plain.app.conf.task_default_queue)), len(self._few))
        return rate

    def _delay_each(self) -> None:
        for read in self._few:
            plain.mark_dialog_read.delay(read.dialog, read.user)

    def _ping(self) -> float:
        return self._measure("PING", len(self._few), lambda: [self._redis[0].ping() for _ in self._few])

    def _pipelines(self) -> float:
        client = self._redis[3]
        client.flushdb()
        rate = self._measure("pipelines", len(self._reads), lambda: self._count_by_slot(client))
        self._demand("pipelines", sum(map(int, client.hvals(_SLOTS))), len(self._reads))
        return rate

    def _count_by_slot(self, client: redis.Redis) -> None:
        for start in range(0, len(self._reads), BATCH):
            pipeline = client.pipeline(transaction=False)
            for read in self._reads[start : start + BATCH]:
                pipeline.hincrby(_SLOTS, f"{read.dialog}:{read.user}", 1)
            pipeline.execute()

    def _of_bullmq(self) -> Mapping[str, Callable[[], float]]:
        try:
            producers = {
                mode: self._ends.enter_context(Producer(self._url(2), mode, GATHER_S)) for mode in (DEBOUNCE, KEEP_LAST)
            }
        except MissingError as missing:
            self.missing = str(missing)
            return {}
        turns: dict[str, Callable[[], float]] = {}
        for mode, producer in producers.items():
            turns[f"BullMQ add, {mode}"] = partial(self._bullmq, f"BullMQ add, {mode}", producer.add, self._few)
            bulk = partial(producer.add_bulk, size=BATCH)
            turns[f"BullMQ addBulk, {mode}"] = partial(self._bullmq, f"BullMQ addBulk, {mode}", bulk, self._reads)
        return turns

    def _bullmq(self, name: str, add: Callable[[list[Job]], float], reads: Sequence[Arrival]) -> float:
        client, receipts = self._redis[2], receipts_of(reads)
        client.flushdb()
        redis_s = self._redis_s()
        took_s = add(receipts)
        self.redis_us[name].append(1e6 * (self._redis_s() - redis_s) / len(receipts))
        self._demand(name, int(client.get(_BULLMQ_COUNTER) or 0), len(receipts))
        return len(receipts) / took_s
