"""The operators' commands: `python -m worker …`.

Exit codes: 0 done · 1 the settings cannot be used, or the operator said no · 2 a wrong call, an unknown application
among them · 3 the ledger was not reached, or refuses · 4 there is no such dead letter · 5 a dead letter cannot be
replayed, and stays · 6 not empty in time.
"""

import click

from worker.commands.dead import dead
from worker.commands.doctor import doctor
from worker.commands.drain import drain
from worker.commands.health import health
from worker.commands.inspect import inspect
from worker.commands.metrics import metrics
from worker.commands.pausing import pause, resume
from worker.commands.record import record
from worker.commands.settings import settings
from worker.commands.shadow import shadow
from worker.commands.status import status
from worker.commands.top import top


@click.group()
def main() -> None:
    """Receipt sync, for operators. Start the worker itself with `celery -A worker.app worker` (see the Procfile)."""


main.add_command(settings)
main.add_command(status)
main.add_command(top)
main.add_command(pause)
main.add_command(resume)
main.add_command(inspect)
main.add_command(doctor)
main.add_command(dead)
main.add_command(metrics)
main.add_command(drain)
main.add_command(record)
main.add_command(shadow)
main.add_command(health)
