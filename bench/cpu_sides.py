"""The sides of `cpu`: each has a Redis and a worker of its own, plays receipts into the one, and waits for the other.

Worker and Redis are kept over all turns; what they take in between counts for nothing.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import accounts
from bench.bullmq.installation import HERE, node
from bench.bullmq.producer import Producer, receipts_of
from bench.peers import plain
from bench.peers.starting import CALLS_AT_ONCE, PROCESSES, start_celery
from bench.playing import play, recorded_of, text_of
from bench.processor import processor_s
from bench.running import API_KEY, Running, wait_until
from bench.trace import GATHER_S, SETTINGS
from sandbox.client import Call
from stack.process import Process
from stack.redis_server import RedisServer
from stack.services import environment
from traffic.arrivals import Arrival
from traffic.waits import Recorded

TOGETHER = 64
SETTLED_WITHIN_S = 300.0


@dataclass(slots=True)
class Taken:
    """What all turns of a side at one speed took.

    Attributes:
        earlier: What was taken before at another speed: a mark may name a message that was covered then.
        recorded: Every receipt with the unix time just before it was recorded.
        calls: What the sandbox was asked.
        redis_us: Processor time of its Redis by receipt, turn by turn.
    """

    earlier: "Taken | None" = None
    recorded: list[Recorded] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    redis_us: list[float] = field(default_factory=list)

    def all_recorded(self) -> list[Recorded]:
        """At this speed and before."""
        return (self.earlier.all_recorded() if self.earlier else []) + self.recorded

    def all_calls(self) -> list[Call]:
        """At this speed and before."""
        return (self.earlier.all_calls() if self.earlier else []) + self.calls


class Side(ABC):
    """A contender with its worker running.

    Attributes:
        name: In the table.
        faults: What has gone wrong.
        most: So many receipts of a turn are enough.
    """

    most: int | None = None

    def __init__(self, name: str, system: Running, redis_server: RedisServer, worker: Process, *, names: bool) -> None:
        self.name, self.faults = name, list[str]()
        self._system, self._redis_server, self._worker, self._names = system, redis_server, worker, names

    def turn(self, arrivals: Sequence[Arrival], taken: Taken) -> float:
        """Play the arrivals, wait for the last PUT; µs of processor time that the worker took by receipt."""
        self._system.api.clear_journal()
        arrivals = arrivals[: self.most]
        worker_s, redis_s = self._worker_s(), self._redis_s()
        recorded = self._play(arrivals)
        if not wait_until(self._at_rest, SETTLED_WITHIN_S):
            self.faults.append(f"{self.name}: not at rest {SETTLED_WITHIN_S:g} s after the last receipt")
        worker_us, redis_us = 1e6 * (self._worker_s() - worker_s), 1e6 * (self._redis_s() - redis_s)
        taken.recorded += recorded
        taken.calls += self._system.api.journal()
        taken.redis_us.append(redis_us / len(arrivals))
        return worker_us / len(arrivals)

    def _worker_s(self) -> float:
        return processor_s([self._worker.pid])

    def _redis_s(self) -> float:
        return processor_s([self._redis_server.process.pid])

    @abstractmethod
    def _play(self, arrivals: Sequence[Arrival]) -> list[Recorded]: ...

    @abstractmethod
    def _at_rest(self) -> bool: ...


class Ours(Side):
    """One worker as the Procfile starts it, with the gather time fixed and no cap."""

    def __init__(self, system: Running, *, names: bool) -> None:
        [worker] = system.start_workers(1, {**SETTINGS, "WORKER_CONCURRENCY": str(PROCESSES)})
        super().__init__("ours", system, system.redis_server, worker, names=names)

    def _play(self, arrivals: Sequence[Arrival]) -> list[Recorded]:
        return play(self._system.queue, arrivals, names=self._names, together=TOGETHER).recorded

    def _at_rest(self) -> bool:
        return accounts.at_rest(accounts.totals(self._system.redis))


class BullMQ(Side):
    """One worker of BullMQ; its producer is not counted."""

    def __init__(self, mode: str, ends: ExitStack, system: Running, directory: Path, *, names: bool) -> None:
        redis_server = ends.enter_context(RedisServer(directory / mode))
        self._producer = ends.enter_context(Producer(redis_server.url, mode, GATHER_S))
        command = [node(), str(HERE / "worker.js"), redis_server.url, system.api_url, API_KEY, str(CALLS_AT_ONCE)]
        worker = system.start(f"bullmq-{mode}", command, environment({"NODE_ENV": "production"}))
        super().__init__(f"BullMQ {mode}", system, redis_server, worker, names=names)

    def _play(self, arrivals: Sequence[Arrival]) -> list[Recorded]:
        added_s = self._producer.play(receipts_of(arrivals), TOGETHER)
        return [recorded_of(each, at_s, names=False) for each, at_s in zip(arrivals, added_s, strict=True)]

    def _at_rest(self) -> bool:
        return self._producer.waiting() == 0


class PlainCelery(Side):
    """One worker with a task for each receipt: what one costs does not depend on how many there are."""

    most = 1_000

    def __init__(self, ends: ExitStack, system: Running, directory: Path, *, names: bool) -> None:
        redis_server = ends.enter_context(RedisServer(directory / "plain"))
        self._redis = ends.enter_context(redis_server.client())
        worker = start_celery(system, "plain", plain.__name__, broker=redis_server.url)
        plain.app.conf.broker_url = redis_server.url
        super().__init__("plain Celery", system, redis_server, worker, names=names)

    def _play(self, arrivals: Sequence[Arrival]) -> list[Recorded]:
        recorded, start_s = list[Recorded](), time.monotonic()
        for each in arrivals:
            time.sleep(max(0.0, start_s + each.t_s - time.monotonic()))
            recorded.append(recorded_of(each, time.time(), names=False))
            _delay(each)
        return recorded

    def _at_rest(self) -> bool:
        # kombu keeps what a worker has taken and not acknowledged in a hash.
        return not self._redis.llen(plain.app.conf.task_default_queue) and not self._redis.hlen("unacked")


def _delay(arrival: Arrival) -> None:
    if arrival.kind == "edit":
        plain.edit_message.delay(arrival.dialog, arrival.message, text_of(arrival), arrival.user)
    elif arrival.kind == "read":
        plain.mark_dialog_read.delay(arrival.dialog, arrival.user)
    else:
        plain.mark_dialog_delivered.delay(arrival.dialog, arrival.user)
