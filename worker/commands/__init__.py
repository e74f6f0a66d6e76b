"""The operators' commands: `python -m worker …`.

Exit codes: 0 done · 1 the settings cannot be used, or the operator said no · 2 a wrong call, an unknown application
among them · 3 the ledger was not reached, or refuses · 4 there is no such dead letter · 5 a dead letter cannot be
replayed, and stays.
"""

import click

from worker.commands.dead import dead
from worker.commands.metrics import metrics
from worker.commands.pausing import pause, resume
from worker.commands.settings import settings
from worker.commands.status import status


@click.group()
def main() -> None:
    """Receipt sync, for operators. Start the worker itself with `celery -A worker.app worker` (see the Procfile)."""


main.add_command(settings)
main.add_command(status)
main.add_command(pause)
main.add_command(resume)
main.add_command(dead)
main.add_command(metrics)
