"""`node`: how many receipts one Redis carries, and what it would carry if the producers had machines of their own.

One, two and four processes record as fast as they can, one receipt in a call (`mark_dialog_read`) or a thousand
(`record_many`), each into a fresh slot, which is what costs most; the append-only file is on. They share the cores with
Redis, so the rate is this machine's. What Redis' own thread took for a receipt tells how many a second that thread
could take if it did nothing else: the ceiling of one node, whatever machines the producers have.
"""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable
from tempfile import TemporaryDirectory

from bench import accounts
from bench.figure import Figure
from bench.options import Options
from bench.rounds import Rounds, spread
from bench.server import binary, words
from bench.stock import redis_cpu_s
from stack.redis_server import RedisServer
from stack.services import PROJECT, environment

PRODUCERS = (1, 2, 4)
TOGETHER = (1, 1_000)
SECONDS = 2.0
_SERVER = {"auto-aof-rewrite-percentage": "0", "lazyfree-lazy-user-flush": "no"}


class Load:
    """So many producers on one Redis.

    Attributes:
        redis_us: Turn by turn: Redis' own processor time for one receipt, in microseconds.
        lost: What was recorded and is not in the ledger, over all turns.
    """

    def __init__(self, server: RedisServer, producers: int, together: int) -> None:
        self.producers, self.together, self._server = producers, together, server
        self.redis_us: list[float] = []
        self.lost = 0

    def turn(self) -> float:
        """Record for a while into an empty Redis; answers receipts a second."""
        with self._server.client() as client:
            client.flushall()
            with ExitStack() as ends:
                loads = [ends.enter_context(self._started(number)) for number in range(1, self.producers + 1)]
                for load in loads:
                    _line(load)
                before_s = redis_cpu_s(client)
                for load in loads:
                    _say(load)
                found = [_line(load).split() for load in loads]
                spent_s = redis_cpu_s(client) - before_s
            recorded = sum(int(count) for count, _ in found)
            self.redis_us.append(1e6 * spent_s / recorded)
            self.lost += recorded + self.producers - accounts.totals(client)["recorded"]
        return sum(int(count) / float(lasted_s) for count, lasted_s in found)

    def _started(self, number: int) -> "Popen[str]":
        words = [executable, "-m", "bench.producer", self._server.url, str(number), str(self.together), str(SECONDS)]
        return Popen(words, stdin=PIPE, stdout=PIPE, text=True, cwd=PROJECT, env=environment({}))


def measure(options: Options) -> Figure:
    """Let ever more producers record."""
    with (
        TemporaryDirectory(prefix="bench-") as directory,
        RedisServer(Path(directory), options=_SERVER, binary=binary(shipped=options.shipped_redis)) as server,
        server.client() as client,
    ):
        loads = {_side(n, together): Load(server, n, together) for together in TOGETHER for n in PRODUCERS}
        sides: dict[str, Callable[[], float]] = {name: load.turn for name, load in loads.items()}
        return figure_of(loads, Rounds(sides), words(client))


def figure_of(loads: dict[str, Load], rounds: Rounds, server: str) -> Figure:
    """The figure for what the loads have measured."""
    figure = Figure(f"fresh slots recorded by ever more processes, as fast as they can; {server}", axis="producers")
    for name, load in loads.items():
        figure.point(f"{_words(load.together)}: recorded", rounds.of(name), "receipts a second", at=load.producers)
    for load in loads.values():
        # The first turn was the warm-up.
        spent_us = spread(load.redis_us[1:])
        figure.point(f"{_words(load.together)}: Redis' time", spent_us, "us a receipt", at=load.producers)
    for together in TOGETHER:
        each_us = spread(loads[_side(PRODUCERS[-1], together)].redis_us[1:])
        note = f"{each_us.median:.1f} us a receipt, rounds from {each_us.text}; {PRODUCERS[-1]} producers"
        figure.add(f"ceiling of one node, {_words(together)}", 1e6 / each_us.median, "receipts a second", note=note)
    lost = sum(load.lost for load in loads.values())
    figure.demand(not lost, f"{lost:,} receipts were recorded and are not in the ledger")
    return figure


def _side(producers: int, together: int) -> str:
    return f"{producers} x {together}"


def _words(together: int) -> str:
    return "one by one" if together == 1 else f"{together:,} in a call"


def _line(load: "Popen[str]") -> str:
    assert load.stdout is not None  # noqa: S101 - asked for above
    line = load.stdout.readline()
    if not line:
        raise RuntimeError(f"a producer ended with exit code {load.wait()}")
    return line


def _say(load: "Popen[str]") -> None:
    assert load.stdin is not None  # noqa: S101 - asked for above
    load.stdin.write("go\n")
    load.stdin.flush()
