"""`cluster`: how applications spread over a Redis Cluster, and the parts that one application is cut into.

An application's keys share a hash tag, so it lives on one node; which one follows from its name. A cluster of three
masters takes the same receipts for ever more applications, at most 500 in a call, evenly over all. What counts is the
node that has most to do: the share of all receipts that it takes, and how many the cluster would carry if every node
had a core of its own and that one were at its end. With one application that is one node's ceiling.

One application above one node's rate is several names with the same credentials (docs/scaling.md): to Redis they are
several applications, so the same curve holds for them.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import redis

from bench import accounts
from bench.figure import Figure
from bench.options import Options
from bench.room import id_of
from bench.rounds import LEAST_ROUNDS, ratio, spread
from bench.server import binary, words
from bench.stock import redis_cpu_s
from receipt_sync import MarkRead, ReceiptQueue
from stack.redis_cluster import NODES, RedisCluster

APPLICATIONS = (1, 3, 10, 30, 100)
RECEIPTS = 12_000
TOGETHER = 500
USER = 7


@dataclass(frozen=True, slots=True)
class Turn:
    """What the nodes did.

    Attributes:
        received: Receipts of each node.
        spent_s: Each one's processor time.
    """

    received: Sequence[int]
    spent_s: Sequence[float]

    @property
    def total(self) -> int:
        """Receipts of all."""
        return sum(self.received)

    @property
    def busiest_share(self) -> float:
        """Of all receipts, what the node with most of them has."""
        return max(self.received) / self.total

    @property
    def carried_per_s(self) -> float:
        """Receipts a second of all nodes together when the busiest has a core of its own and uses all of it."""
        return self.total / max(self.spent_s)


class Cluster:
    """A cluster of three, its nodes' clients, and queues of as many applications as are wanted.

    Attributes:
        server: Name, version and allocator of each node.
    """

    def __init__(self, ends: ExitStack, directory: Path, binary: Path) -> None:
        cluster = ends.enter_context(RedisCluster(directory, binary))
        self._nodes: list[redis.Redis] = [ends.enter_context(server.client()) for server in cluster.servers]
        self._queues = {
            name: ReceiptQueue(cluster.url, application=name, timeout_s=5) for name in names(APPLICATIONS[-1])
        }
        self.server = words(self._nodes[0])
        for queue in self._queues.values():
            ends.callback(queue.close)

    def turn(self, applications: int) -> Turn:
        """Record evenly over so many applications."""
        for node in self._nodes:
            node.flushall()
        before_s = [redis_cpu_s(node) for node in self._nodes]
        taking = names(applications)
        each = RECEIPTS // applications
        for start in range(0, each, TOGETHER):
            ids = [id_of(number) for number in range(start, min(start + TOGETHER, each))]
            for name in taking:
                self._queues[name].record_many(MarkRead(dialog_id=id_, user_id=USER, up_to=id_) for id_ in ids)
        spent_s = [redis_cpu_s(node) - before for node, before in zip(self._nodes, before_s, strict=True)]
        return Turn([sum(self._recorded(node, name) for name in taking) for node in self._nodes], spent_s)

    def _recorded(self, node: redis.Redis, name: str) -> int:
        try:
            return accounts.totals(node, name)["recorded"]
        except redis.exceptions.MovedError:
            return 0  # it lives on another node


def names(applications: int) -> list[str]:
    """Names as a deployment might have them."""
    return [f"shop-{number}" for number in range(1, applications + 1)]


def measure(options: Options) -> Figure:
    """Record for ever more applications, in turns."""
    with TemporaryDirectory(prefix="bench-") as directory, ExitStack() as ends:
        cluster = Cluster(ends, Path(directory), binary(shipped=options.shipped_redis))
        for applications in APPLICATIONS:
            cluster.turn(applications)  # the warm-up
        rounds = [{count: cluster.turn(count) for count in APPLICATIONS} for _ in range(LEAST_ROUNDS)]
        return figure_of(rounds, cluster.server)


def figure_of(rounds: Sequence[Mapping[int, Turn]], server: str) -> Figure:
    """The figure for what each round has found, by the number of applications."""
    title = f"{RECEIPTS:,} receipts over ever more applications, on {NODES} masters; {server}"
    figure = Figure(title, axis="applications")
    for applications, turn in rounds[0].items():
        expected = RECEIPTS // applications * applications
        figure.add("busiest node's receipts", turn.busiest_share, "share of all", at=applications)
        figure.demand(turn.total == expected, f"{expected:,} were recorded, the nodes have {turn.total:,}")
    for applications in rounds[0]:
        carried = spread([turns[applications].carried_per_s for turns in rounds])
        figure.point(f"{NODES} nodes with a core each", carried, "receipts a second", at=applications)
    one, most = ([turns[count].carried_per_s for turns in rounds] for count in (APPLICATIONS[0], APPLICATIONS[-1]))
    figure.compare(f"{APPLICATIONS[-1]} applications / one", ratio(most, one), note="what the cluster carries")
    return figure
