"""`python -m worker settings`: what this environment says."""

from __future__ import annotations

import click

from settings import describe
from worker.commands.door import loaded
from worker.commands.printing import print_table


@click.command()
def settings() -> None:
    """Print every setting: its value with secrets masked, and where it comes from; faults with what was expected."""
    print_table([(row.variable, row.value_masked, row.source) for row in describe(loaded())])
