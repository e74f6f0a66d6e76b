"""`idle`: what a worker with nothing to do takes: of a core, and of Redis.

One worker of ours as the Procfile starts it, and one of plain Celery with as many processes and the same options; each
has a Redis of its own, which is ledger and broker, and both are watched at the same time, window by window. Commands
are Redis' own count (`total_commands_processed`), in which those inside a script count as well.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import redis

from bench.figure import Figure
from bench.options import Options
from bench.peers import plain as plain_celery
from bench.peers.starting import PROCESSES, start_celery
from bench.processor import processor_s
from bench.rounds import LEAST_ROUNDS, ratio, spread
from bench.running import Running, running

WINDOW_S = 10.0
SETTLES_S = 5.0
MOST_CORE, MOST_COMMANDS_PER_S = 0.005, 10.0
OURS, PLAIN = "ours", "plain Celery"


@dataclass(frozen=True, slots=True)
class Window:
    """What one worker took in a while, for each second of it: of a core, and commands of Redis."""

    core: float
    commands: float


def measure(_options: Options) -> Figure:
    """Start both, leave them alone, look."""
    with ExitStack() as ends:
        ours, plain = ends.enter_context(running()), ends.enter_context(running())
        ours.start_workers(1, {"WORKER_CONCURRENCY": str(PROCESSES)})
        start_celery(plain, "plain", plain_celery.__name__)
        time.sleep(SETTLES_S)
        windows = [_windows({OURS: ours, PLAIN: plain}) for _ in range(LEAST_ROUNDS)]
        return figure_of([each[OURS] for each in windows], [each[PLAIN] for each in windows])


def figure_of(ours: Sequence[Window], plain: Sequence[Window]) -> Figure:
    """The figure for the windows of both."""
    figure = Figure(f"{len(ours)} windows of {WINDOW_S:.0f} s without any work, {PROCESSES} processes each")
    sides = ((OURS, ours, MOST_CORE, MOST_COMMANDS_PER_S), (PLAIN, plain, None, None))
    for name, windows, most, _ in sides:
        core = spread([window.core for window in windows])
        figure.add(f"{name}: of a core", core.median, most=most, note=f"windows from {core.text}")
    for name, windows, _, most in sides:
        commands = spread([window.commands for window in windows])
        note = f"windows from {commands.text}"
        figure.add(f"{name}: commands of Redis", commands.median, "a second", most=most, note=note)
    if all(window.core and window.commands for window in plain):
        figure.compare("core, ours / plain Celery", ratio([w.core for w in ours], [w.core for w in plain]))
        figure.compare("commands, ours / plain Celery", ratio([w.commands for w in ours], [w.commands for w in plain]))
    return figure


def _windows(systems: dict[str, Running]) -> dict[str, Window]:
    before = {name: _taken(system) for name, system in systems.items()}
    began_s = time.monotonic()
    time.sleep(WINDOW_S)
    lasted_s = time.monotonic() - began_s
    after = {name: _taken(system) for name, system in systems.items()}
    return {
        name: Window(
            core=(after[name][0] - before[name][0]) / lasted_s,
            commands=(after[name][1] - before[name][1] - 1) / lasted_s,  # one of them was our own INFO
        )
        for name in systems
    }


def _taken(system: Running) -> tuple[float, int]:
    return processor_s([system.workers[0].pid]), _commands(system.redis)


def _commands(client: redis.Redis) -> int:
    return int(client.info("stats")["total_commands_processed"])
