"""Where the processor time of `cpu`'s side of ours goes: by process of the worker, and by command of Redis.

    python -m bench.cpu_profile [--speed 8] [--seconds 25] [--trace PATH]

One turn, beside nothing: what it says of microseconds is this machine's, what it says of shares is the worker's.
"""

from dataclasses import replace
from pathlib import Path

import click

from bench.__main__ import DEFAULT_TRACE
from bench.cpu_sides import Ours, Taken
from bench.options import Options
from bench.processor import processor_s
from bench.running import running
from bench.trace import arrivals_of
from bench.trace_world import build, world_of
from stack.signals import end_what_was_started

_COMMANDS = 8


@click.command()
@click.option("--speed", default=1.0, type=click.FloatRange(0.1, 100), show_default=True)
@click.option("--seconds", default=25.0, type=click.FloatRange(1, 600), show_default=True, help="How long it plays.")
@click.option("--trace", "trace_path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(speed: float, seconds: float, trace_path: Path | None) -> None:
    """Play a stretch of the trace, say who took what."""
    path = trace_path or (DEFAULT_TRACE if DEFAULT_TRACE.exists() else None)
    all_of_it = arrivals_of(Options(trace=path))
    arrivals = [replace(each, t_s=each.t_s / speed) for each in all_of_it if each.t_s < seconds * speed]
    with running() as system:
        build(system.api, world_of(arrivals))
        side, taken = Ours(system, names=True), Taken()
        [worker] = system.workers
        children = worker.children()
        before_s = {pid: processor_s([pid]) for pid in children}
        system.redis.config_resetstat()
        all_us = side.turn(arrivals, taken)
        children_us = [1e6 * (processor_s([pid]) - before_s[pid]) / len(arrivals) for pid in children]
        commands = system.redis.info("commandstats")
    puts = sum(call.method == "PUT" for call in taken.calls)
    click.echo(f"{len(arrivals):,} receipts, {puts:,} PUTs; microseconds a receipt:")
    click.echo(f"the worker {all_us:.0f}: its main process {all_us - sum(children_us):.0f}, "
        f"the pool's {', '.join(f'{each:.0f}' for each in children_us)}")  # fmt: skip
    for name in sorted(commands, key=lambda name: -int(commands[name]["usec"]))[:_COMMANDS]:
        calls, spent_us = int(commands[name]["calls"]), int(commands[name]["usec"])
        click.echo(f"Redis, {name.removeprefix('cmdstat_')}: {calls:,} calls, {spent_us / len(arrivals):.0f}")


if __name__ == "__main__":
    end_what_was_started()
    main()
