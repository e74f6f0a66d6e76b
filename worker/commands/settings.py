"""`python -m worker settings`: what this environment says."""

from __future__ import annotations

from dataclasses import asdict

import click

from settings import describe
from worker.commands.door import loaded
from worker.commands.options import json_object
from worker.commands.printing import plain, print_json, print_table

_HEADER = ("variable", "value", "from")


@click.command()
@json_object
def settings(*, as_json: bool) -> None:
    """Print every setting: its value with secrets masked, and where it comes from; faults with what was expected.

    Exit code 1 where they cannot be used. What each setting means: docs/settings.md, or `--json`.
    """
    rows = describe(loaded())
    if as_json:
        print_json({"settings": [asdict(row) for row in rows]})
        return
    print_table([(row.variable, plain(row.value_masked), row.source) for row in rows], header=_HEADER)
