"""Printing for people and for programs.

What comes out of the ledger may be anybody's: nothing of it reaches a terminal as a control character.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

_LAST_CHARS = 24
_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_LAST_MS = 253_402_300_799_000  # the last second that datetime knows


def print_table(
    rows: Sequence[Sequence[str]], *, header: Sequence[str] = (), styles: Mapping[str, str] | None = None
) -> None:
    """Rows in columns. On a terminal the last is wrapped to its width; piped, each row is one line, as wide as it is.

    Args:
        rows: of equal length; without a header the first column names what the others say.
        header: names of the columns.
        styles: of cells that say just this, on a terminal.
    """
    console = Console(highlight=False)
    lines = [header, *rows] if header else rows
    if not lines:
        return
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    # Where the last column has no room left, whole lines wrap better: an id can still be copied.
    if console.is_terminal and sum(widths[:-1]) + 2 * len(widths) + _LAST_CHARS <= console.width:
        console.print(table_of(rows, header, styles or {}))
        return
    for row in lines:
        filled = [f"{cell:<{width}}" for cell, width in zip(row[:-1], widths, strict=False)]
        click.echo("  ".join([*filled, row[-1]]).rstrip())


def table_of(rows: Sequence[Sequence[str]], header: Sequence[str], styles: Mapping[str, str]) -> Table:
    """The same for a terminal."""
    table = Table(box=None, pad_edge=False, show_header=bool(header), header_style="bold", padding=(0, 2, 0, 0))
    for nth in range(len(header) or max(map(len, rows), default=0)):
        style = "" if header or styles or nth else "bold"
        is_last = nth == max(map(len, rows), default=0) - 1
        table.add_column(header[nth] if header else "", style=style, overflow="fold", no_wrap=not is_last)
    for row in rows:
        table.add_row(*(Text(cell, style=styles.get(cell, "")) for cell in row))
    return table


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on one line, in ASCII."""
    click.echo(json.dumps(value))


def plain(text: str, most: int | None = None) -> str:
    """A text on one line: what cannot be printed is escaped, and what is longer than `most` characters is cut."""
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return shown if most is None or len(shown) <= most else f"{shown[: most - 1]}…"


def age(ms: int, now_ms: int) -> str:
    """How long ago, in its greatest unit: `3h`."""
    passed_s = max(0, now_ms - ms) // 1000
    return next((f"{passed_s // length}{unit}" for unit, length in _UNITS if passed_s >= length), "0s")


def utc(ms: int | None) -> str:
    """A time of Redis' clock as ISO 8601; `""` for none."""
    if ms is None or not 0 < ms <= _LAST_MS:
        return ""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def until(ms: int | None, now_ms: int) -> str:
    """How long until a time: `in 2.5 s`, `in 3h`; `now` where it is past, `""` for none."""
    if ms is None:
        return ""
    left_ms = ms - now_ms
    if left_ms <= 0:
        return "now"
    return f"in {left_ms / 1000:.1f} s" if left_ms < 120_000 else f"in {age(0, left_ms)}"  # noqa: PLR2004 - two minutes


def ago(ms: int | None, now_ms: int) -> str:
    """How long ago a time was: `2.5 s ago`, `3h ago`; `never` for none."""
    if ms is None:
        return "never"
    passed_ms = max(0, now_ms - ms)
    return f"{passed_ms / 1000:.1f} s ago" if passed_ms < 120_000 else f"{age(ms, now_ms)} ago"  # noqa: PLR2004
