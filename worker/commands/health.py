"""`python -m worker health` among the other commands' help; it runs past them (worker/__main__.py)."""

from __future__ import annotations

import sys

import click

from worker.health import command


@click.command()
@click.argument("question", type=click.Choice(sorted(command.QUESTIONS)))
def health(*, question: str) -> None:
    """Whether the worker, or beat, of this machine is well: exit code 0 or 1."""
    sys.exit(command.main([question]))
