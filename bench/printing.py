"""Figures as tables for people and as JSON for programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figure import Figure, Row, number_text, verdict_text

WIDTH = 120


def print_header(console: Console, command: str, machine: Mapping[str, Any]) -> None:
    """Say what was run, and where."""
    console.print(f"$ {command}", markup=False, highlight=False)
    console.print(", ".join(f"{name} {value}" for name, value in machine.items()), markup=False, highlight=False)


def print_figure(console: Console, name: str, figure: Figure) -> None:
    """Print one figure as a table, with its notes and faults below."""
    table = Table(title=f"{name}: {figure.title}", title_justify="left", title_style="bold", header_style="")
    for column in ("", "value", "unit", "target", "note"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for row in figure.rows:
        table.add_row(*cells(row))
    console.print(table)
    for note in figure.notes:
        console.print(f"NOTE: {note}", markup=False)
    for fault in figure.faults:
        console.print(f"BROKEN: {fault}", markup=False, style="bold red")


def cells(row: Row) -> tuple[str, str, str, str, str]:
    """A row as the table shows it."""
    return row.label, number_text(row.value), row.unit, verdict_text(row), row.note


def write_json(path: Path, command: str, machine: Mapping[str, Any], figures: Mapping[str, Figure]) -> None:
    """Write everything that was measured, by figure.

    Raises:
        OSError: The file cannot be written.
    """
    document = {"command": command, "machine": dict(machine), "figures": {n: asdict(f) for n, f in figures.items()}}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
