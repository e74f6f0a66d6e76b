"""Printing for people and for programs.

What comes out of the ledger may be anybody's: nothing of it reaches a terminal as a control character.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_LAST_MS = 253_402_300_799_000  # the last second that datetime knows


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Rows in columns; the last column is not filled up."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        filled = [f"{cell:<{width}}" for cell, width in zip(row[:-1], widths, strict=False)]
        click.echo("  ".join([*filled, row[-1]]).rstrip())


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
