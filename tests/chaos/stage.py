"""The stage: Redis, the sandbox, seats with workers, producers; real processes, ended with the block."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from sandbox.client import SandboxClient
from stack.ports import free_port
from stack.process import Process
from stack.redis_server import RedisServer
from stack.services import PROJECT, environment, start_sandbox
from tests.chaos.contenders import Contender
from tests.chaos.incidents import AFTERMATH_S, Incident
from tests.chaos.producing import Orders
from tests.chaos.proxy import HOST, Network, Proxy
from tests.chaos.seats import Seat
from tests.chaos.town import Town
from tests.running import API_KEY

# The same all through the run, so that PUTs are carried out in the order in which they arrive.
LATENCY_MS = 40
LEDGER = "rs:{default}"


@dataclass(frozen=True, slots=True)
class Options:
    """How large a run is.

    Attributes:
        receipts: how many are recorded.
        kills: hard kills at least; the run ends when both are reached.
        seed: of faults and receipts.
        per_s: receipts per second, over all producers.
        rate_per_s: the PUTs that our workers may send.
        workers: seats.
        concurrency: pool processes of each worker.
        producers: processes, at most 10.
        awake: dialogs awake at a time.
        batch: receipts per call.
        at_most_s: when the run is ended early.
        drain_s: how long everything may take to drain.
        kills_only: workers and their processes are killed, and nothing else goes wrong.
    """

    receipts: int
    kills: int
    seed: int
    per_s: float = 1_000.0
    rate_per_s: float = 120.0
    workers: int = 4
    concurrency: int = 2
    producers: int = 3
    awake: int = 120
    batch: int = 40
    at_most_s: float = 1_200.0
    drain_s: float = 180.0
    kills_only: bool = False


class Stage:
    """Everything that runs.

    Attributes:
        events: what befell it: (unix seconds, words).
        cuts: by proxy port: when its connections were reset, unix seconds.
        incidents: what befell workers' memory, in order.
    """

    def __init__(self, directory: Path, contender: Contender, options: Options) -> None:
        self.directory, self.contender, self.options = directory, contender, options
        self.events: list[tuple[float, str]] = []
        self.cuts: dict[int, list[float]] = {}
        self.incidents: list[Incident] = []
        self._ends = ExitStack()
        try:
            self._start()
        except BaseException:
            self._ends.close()
            raise

    def _start(self) -> None:
        enter = self._ends.enter_context
        self.network: Network = enter(Network())
        self.redis_server = enter(RedisServer(self.directory / "redis", fsync="always"))
        self.redis: redis.Redis = enter(self.redis_server.client())
        # Celery's messages, ours and the peers', lie in the same Redis; a retry or two bears that it is killed.
        self.broker: redis.Redis = enter(redis.Redis(host=HOST, port=self.redis_server.port, db=1, socket_timeout=20))
        api_port = free_port()
        enter(start_sandbox(sys.executable, api_port, self.directory, api_key=API_KEY))
        self.api = enter(SandboxClient(f"http://{HOST}:{api_port}"))
        self.town = Town(self.options.awake, self.options.receipts, self.options.producers)
        self.town.plant(self.api)
        self.api.faults(latency_ms=LATENCY_MS)
        self.door: Proxy = self.network.proxy(self.redis_server.port)
        self.seats = [
            Seat(number + 1, self.network, self.redis_server.port, api_port) for number in range(self.options.workers)
        ]
        self.producers: list[Process] = []
        self._ends.callback(self._kill_all)
        for seat in self.seats:
            self.seat_worker(seat)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def note(self, words: str) -> None:
        """Writes down what has just been done."""
        self.events.append((time.time(), words))

    def seat_worker(self, seat: Seat) -> None:
        """Starts a worker."""
        seat.start(self.contender, self.options.concurrency, self.options.rate_per_s, self.directory)

    def tend(self) -> None:
        """To be called often: see Seat.tend."""
        for seat in self.seats:
            if done := seat.tend(self.seat_worker):
                self.note(f"worker {seat.number} {done}")

    def up(self) -> list[Seat]:
        """Seats whose worker works."""
        return [seat for seat in self.seats if seat.is_up()]

    def start_producers(self) -> None:
        """Starts them all."""
        options = self.options
        url = f"redis://{HOST}:{self.door.port}/{self.contender.producers_database}"
        for number in range(options.producers):
            share = options.receipts // options.producers + (number < options.receipts % options.producers)
            orders = Orders(
                number=number,
                seed=options.seed,
                town=self.town,
                receipts=share,
                per_s=options.per_s / options.producers,
                batch=options.batch,
                door=self.contender.name,
                url=url,
                journal=str(self.directory / f"producer-{number}.journal"),
            )
            log = self.directory / f"producer-{number}.log"
            self.producers.append(Process(f"producer-{number}", orders.command(), environment({}), PROJECT, log))

    def journals(self) -> Sequence[Path]:
        """The producers' journals."""
        return sorted(self.directory.glob("producer-*.journal"))

    def cut(self, proxies: Sequence[Proxy]) -> None:
        """Resets the connections of proxies, and writes down when."""
        for proxy in proxies:
            self.cuts.setdefault(proxy.port, []).append(time.time())
            proxy.cut()

    def strike(self, words: str, seats: Sequence[Seat], aftermath_s: float = AFTERMATH_S) -> Incident:
        """Writes down an incident that begins now; `calm` ends it, if nothing does before."""
        ports = frozenset(seat.proxies["api"].port for seat in seats)
        incident = Incident(words, ports, self._in_flight(), aftermath_s)
        self.incidents.append(incident)
        return incident

    def calm(self) -> None:
        """Network and API are well again."""
        for incident in self.incidents:
            incident.end()
        self.door.heal()
        for seat in self.seats:
            for proxy in seat.proxies.values():
                proxy.heal()
        self.api.faults(latency_ms=LATENCY_MS)

    def _in_flight(self) -> int:
        try:
            return int(self.redis.zcard(f"{LEDGER}:leases"))
        except (redis.ConnectionError, redis.TimeoutError):  # its connection is from before the last kill
            return int(self.redis.zcard(f"{LEDGER}:leases"))

    def _kill_all(self) -> None:
        for process in (*self.producers, *(seat.worker for seat in self.seats if seat.worker)):
            process.kill()
