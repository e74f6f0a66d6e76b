"""`python -m worker top`: how all applications move, live."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click
import redis
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from worker.commands.door import Door, doors
from worker.commands.keyboard import Keys
from worker.commands.options import of_applications
from worker.commands.printing import age, plain, print_json, print_table, utc
from worker.draining import of_application
from worker.ledger.listening import listeners
from worker.ledger.standing import Standing, standing
from worker.tempo import Tempo, saved, tempo

_HEADER = ("application", "state", "pending", "oldest", "rec/s", "PUT/s", "fail/s", "limit", "dead", "saved")
_NAME_CHARS = 14
_STYLES = {"paused": "yellow", "open": "red", "held": "yellow", "sending": "green"}

Look = tuple[Standing, Tempo | None, int | None]


@click.command()
@of_applications
@click.option("--every", "every_s", type=click.FloatRange(0.2, 60), default=1.0, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="Print once and end; the rates are those of the first --every seconds.")
def top(*, application: str | None, as_json: bool, every_s: float, once: bool) -> None:
    """How every application moves, live; q or Ctrl-C ends it.

    A line for each application: its state (`sending`, `held`: the API throttles, `open`: the breaker, `paused`); how
    many receipts are pending and how long the oldest has waited; receipts recorded, PUTs answered and PUTs not accepted
    per second, since the look before; the limit now (`-`: none), dead letters, and the share of calls saved so far
    (1 - accepted PUTs / covered receipts). Below, what keeps calls back, with what ends it. Reads the ledger alone, a
    few commands for each look.

    Where standard output is no terminal, with --once and with --json it looks twice and prints once.
    """
    with doors(application) as opened:
        before = _look(opened, None)
        if as_json or once or not Console().is_terminal:
            time.sleep(every_s)
            _print_once(_look(opened, before), as_json=as_json)
            if not (as_json or once):
                click.echo("This is no terminal: printed once. --once says that this is meant.", err=True)
            return
        _show(opened, before, every_s)


def _look(opened: Sequence[Door], before: Sequence[Look] | None) -> list[Look]:
    found: list[Look] = []
    for nth, each in enumerate(opened):
        of = standing(each.client, each.application)
        since = tempo(before[nth][0], of) if before else None
        found.append((of, since, listeners(each.client, each.application)))
    return found


def _print_once(looks: Sequence[Look], *, as_json: bool) -> None:
    if as_json:
        print_json({"applications": [_described(each) for each in looks]})
        return
    print_table([_cells(of, since) for of, since, _ in looks], header=_HEADER)
    for line in _notes(looks):
        click.echo(line)


def _described(look: Look) -> dict[str, Any]:
    of, since, listening = look
    return {
        "application": of.application,
        "state": of.state,
        "per_s": None if since is None else asdict(since),
        "saved": saved(of),
        "listeners": listening,
        "standing": asdict(of),
    }


def _show(opened: Sequence[Door], looks: list[Look], every_s: float) -> None:
    with Keys() as keyboard, Live(_screen(looks, every_s), screen=True, auto_refresh=False) as live:
        try:
            while not keyboard.quit_within(every_s):
                try:
                    looks = _look(opened, looks)
                    missing = ""
                except redis.RedisError as error:
                    missing = f"the ledger was not reached ({type(error).__name__}): what stands here is old"
                live.update(_screen(looks, every_s, missing), refresh=True)
        except KeyboardInterrupt:
            return


def _screen(looks: Sequence[Look], every_s: float, missing: str = "") -> Group:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", expand=False)
    for nth, name in enumerate(_HEADER):
        table.add_column(name, justify="left" if nth < 2 else "right", no_wrap=True)  # noqa: PLR2004 - the two texts
    for of, since, _ in looks:
        name, state, *numbers = _cells(of, since)
        table.add_row(Text(name), Text(state, style=_STYLES[of.state]), *map(Text, numbers))
    at = utc(looks[0][0].now_ms) if looks else ""
    head = Text(f"receipt sync  {at}  every {every_s:g} s  q ends", style="dim", no_wrap=True, overflow="ellipsis")
    notes = [Text(line, style="yellow") for line in _notes(looks)]
    return Group(head, Text(missing, style="red"), table, Text(), *notes)


def _cells(of: Standing, since: Tempo | None) -> tuple[str, ...]:
    share = saved(of)
    rates = ("…",) * 3 if since is None else (_short(since.recorded), _short(since.puts), _short(since.failed))
    return (
        plain(of.application, _NAME_CHARS),
        of.state,
        _short(of.pending + of.in_flight),
        "-" if of.oldest_wait_s is None else _wait(of.oldest_wait_s),
        *rates,
        "-" if of.rate_per_s is None else _short(of.rate_per_s),
        _short(of.dead_letters),
        "-" if share is None else f"{share:.0%}",
    )


def _wait(seconds: float) -> str:
    return f"{_short(seconds)}s" if seconds < 100 else age(0, round(seconds * 1000))  # noqa: PLR2004 - five characters


def _short(number: float) -> str:
    """At most five characters: `7`, `7.5`, `950`, `12.3k`, `1.2M`."""
    for unit, size in (("M", 1e6), ("k", 1e4)):
        if number >= size:
            scaled = number / (1e6 if unit == "M" else 1e3)
            return f"{scaled:.1f}{unit}" if scaled < 100 else f"{scaled:.0f}{unit}"  # noqa: PLR2004 - five characters
    return f"{number:.1f}".removesuffix(".0") if number < 100 else f"{number:.0f}"  # noqa: PLR2004


def _notes(looks: Sequence[Look]) -> list[str]:
    notes = []
    for of, _, listening in looks:
        held = of_application(of, listening)
        if of.unreadable:
            held.append(f"keys that hold something else than they should: {', '.join(of.unreadable)}; `doctor`")
        notes += [plain(f"{of.application}: {what}") for what in held]
    return notes
