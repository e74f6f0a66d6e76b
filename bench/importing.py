"""`importing`: what `import receipt_sync` adds to the start of a web app that has redis already.

A fresh interpreter each time, with the bytecode that an earlier start has left behind: first redis is imported, as
every producer does, then the wheel. The second is what the wheel costs, the first is what it is compared with; they
take turns.
"""

import subprocess
import sys

from bench.figure import Figure
from bench.options import Options
from bench.rounds import Rounds
from stack.services import PROJECT, environment

ROUNDS = 15
MOST_MS = 150.0  # issue 7: under 0.15 s beyond redis itself
REDIS, BEYOND = "import redis", "import receipt_sync, beyond redis"
_TIMED = """
import time
began_s = time.perf_counter()
import redis
between_s = time.perf_counter()
import receipt_sync
print(1000 * (between_s - began_s), 1000 * (time.perf_counter() - between_s))
"""


def measure(_options: Options) -> Figure:
    """Start interpreters one after another."""
    return figure_of(Rounds({REDIS: lambda: _started()[0], BEYOND: lambda: _started()[1]}, ROUNDS))


def figure_of(rounds: Rounds) -> Figure:
    """The figure for both times, start by start."""
    figure = Figure(f"{ROUNDS} starts of an interpreter, after one that counts for nothing")
    figure.add(REDIS, rounds.of(REDIS).median, "ms", note=rounds.of(REDIS).text)
    figure.add(BEYOND, rounds.of(BEYOND).median, "ms", most=MOST_MS, note=rounds.of(BEYOND).text)
    figure.compare("receipt_sync beyond redis / redis", rounds.ratio(BEYOND, REDIS))
    return figure


def _started() -> tuple[float, float]:
    command = [sys.executable, "-c", _TIMED]
    env = environment({})
    said = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=True).stdout
    redis_ms, ours_ms = map(float, said.split())
    return redis_ms, ours_ms
