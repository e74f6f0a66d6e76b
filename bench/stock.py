"""A ledger with a stock of dirty slots, in a Redis of its own, for measuring what one slot more costs it.

Times are Redis' own processor time (its main thread), and the caller's waiting: recording in calls of a thousand,
claiming and settling in turns of sixteen, as many as a sync has connections.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import Any

import redis

from bench import accounts
from bench.room import data_bytes, id_of
from bench.server import words
from receipt_sync import MarkRead, keys
from settings import load
from stack.redis_server import RedisServer
from worker.ledger import Done, Part
from worker.runtime import Runtime

TOGETHER = 1_000
TRIES = 3
USER = 7
_PREFIX = keys.prefix("default")
_DUE = f"{_PREFIX}:due"
Cost = tuple[float, float]  # Redis' microseconds for one slot, and those that the caller waited
_SENT = Done(Part("r"))
# A rewrite of the append-only file would be measured by chance, in one turn and not in the other.
_SERVER = {"auto-aof-rewrite-percentage": "0"}


class Stock:
    """So many dirty slots; made by `stocked`.

    Attributes:
        slots: How many.
        bytes_each: What one takes of Redis' memory.
        server: Name, version and allocator of that Redis.
        waited_us: By step, turn by turn, what the caller waited for one slot, in microseconds.
    """

    def __init__(self, url: str, client: redis.Redis, slots: int) -> None:
        held = Runtime(load({"REDIS_URL": url, "QUICKBLOX_API_KEY": "none", "QUICKBLOX_RATE_PER_S": "0"}))
        self.slots, self._client, self._numbers = slots, client, count()
        self.server = words(client)
        self._queue, self._ledger = held.queue("default"), held.ways["default"].ledger
        self.waited_us: dict[str, list[float]] = {"record": [], "claim + settle": [], "bare commands": []}
        self._ledger.publish_policy()
        self._record(1)  # the scripts and the accounts are there before
        before = data_bytes(client)
        self._record(slots)
        self.bytes_each = (data_bytes(client) - before) / slots
        self._send(1)

    def record(self, slots: int) -> float:
        """Record into so many fresh slots; answers Redis' microseconds for each. Then as many are sent."""

        def once() -> Cost:
            cost = self._measured(slots, self._record)
            self._send(slots)
            return cost

        return self._turn("record", once)

    def send(self, slots: int) -> float:
        """Claim and settle so many; answers Redis' microseconds for each. As many were recorded before."""

        def once() -> Cost:
            self._record(slots)
            return self._measured(slots, self._send)

        return self._turn("claim + settle", once)

    def write_bare(self, slots: int) -> float:
        """Write so many hashes and places in the due set by bare commands, and take them away; microseconds for each.

        They are as large as slots, and lie among them: the least that a ledger of so many could cost Redis.
        """

        def once() -> Cost:
            names = [f"m:f{number:023x}:u{USER}" for number in range(slots)]
            cost = self._measured(slots, lambda _: self._write_hashes(names))
            keys_of = [f"{_PREFIX}:{name}" for name in names]
            self._client.zrem(_DUE, *names)
            self._client.delete(*keys_of)
            return cost

        return self._turn("bare commands", once)

    def complaints(self) -> list[str]:
        """What is not as it must be after all this; empty when all is."""
        counts = accounts.totals(self._client)
        recorded = next(self._numbers)
        found = {
            "recorded": (counts["recorded"], recorded),
            "pending": (counts["pending"], self.slots),
            "in flight": (counts["in_flight"], 0),
            "covered": (counts["covered"], recorded - self.slots),
            "due": (int(self._client.zcard(_DUE)), self.slots),
        }
        return [f"{name}: {is_:,}, expected {must:,}" for name, (is_, must) in found.items() if is_ != must]

    def _turn(self, step: str, once: Callable[[], Cost]) -> float:
        """The least of some tries: what disturbs a step can only add to it."""
        costs = [once() for _ in range(TRIES)]
        self.waited_us[step].append(min(waited_us for _, waited_us in costs))
        return min(spent_us for spent_us, _ in costs)

    def _measured(self, slots: int, do: Callable[[int], None]) -> Cost:
        before_s, began_s = redis_cpu_s(self._client), time.monotonic()
        do(slots)
        waited_s, spent_s = time.monotonic() - began_s, redis_cpu_s(self._client) - before_s
        return 1e6 * spent_s / slots, 1e6 * waited_s / slots

    def _write_hashes(self, names: Sequence[str]) -> None:
        key = next(self._client.scan_iter(f"{_PREFIX}:m:0*"))
        fields: Any = self._client.hgetall(key)
        for start in range(0, len(names), TOGETHER):
            pipeline = self._client.pipeline(transaction=False)
            for name in names[start : start + TOGETHER]:
                pipeline.hset(f"{_PREFIX}:{name}", mapping=fields)
                pipeline.zadd(_DUE, {name: 9e15})
            pipeline.execute()

    def _record(self, slots: int) -> None:
        ids = (id_of(number) for number in islice(self._numbers, slots))
        while some := [MarkRead(dialog_id=id_, user_id=USER, up_to=id_) for id_ in islice(ids, TOGETHER)]:
            self._queue.record_many(some)

    def _send(self, slots: int) -> None:
        while slots > 0:
            claims = self._ledger.claim(min(slots, self._ledger.size.side_by_side)).claims
            if not claims:
                raise RuntimeError(f"nothing to claim, {slots:,} slots before the end")
            self._ledger.settle([(claim.slot, claim.generation, _SENT) for claim in claims])
            slots -= len(claims)


def redis_cpu_s(client: redis.Redis) -> float:
    """Processor time of Redis' main thread, which runs all commands, in seconds since it began."""
    cpu = client.info("cpu")
    return float(cpu["used_cpu_user_main_thread"]) + float(cpu["used_cpu_sys_main_thread"])


@contextmanager
def stocked(directory: Path, slots: int, binary: Path) -> Iterator[Stock]:
    """A stock of so many dirty slots in a Redis of its own, which ends with the block."""
    with RedisServer(directory, options=_SERVER, binary=binary) as server, server.client() as client:
        yield Stock(server.url, client, slots)
