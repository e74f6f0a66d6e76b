"""The worker's command line: `python -m worker …`."""

from __future__ import annotations

import sys

import click

from settings import Row, SettingsError, describe, load


@click.group()
def main() -> None:
    """Receipt sync, for operators. Start the worker itself with `celery -A worker.app worker` (see the Procfile)."""


@main.command()
def settings() -> None:
    """Print every setting: its value with secrets masked, and where it comes from; faults with what was expected."""
    try:
        rows = describe(load())
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    _print_table(rows)


def _print_table(rows: list[Row]) -> None:
    widths = [max(len(row.variable) for row in rows), max(len(row.value_masked) for row in rows)]
    for row in rows:
        click.echo(f"{row.variable:<{widths[0]}}  {row.value_masked:<{widths[1]}}  {row.source}")


if __name__ == "__main__":
    main()
