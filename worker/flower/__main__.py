"""`python -m worker.flower --address=… --port=…`: the Procfile's `flower`. More of Flower's options may follow."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from celery.bin.celery import main as celery_main

from worker.flower.access import passwords, require_password
from worker.flower.doors import close_doors

# What happened stands in the list, without a click.
COLUMNS = "name,state,exception,result,kwargs,received,worker,uuid"


def main(arguments: Sequence[str]) -> None:
    """Runs Flower; ends the process with one line where it must not be run so."""
    for name in [name for name, value in os.environ.items() if name.startswith("FLOWER_") and not value]:
        del os.environ[name]  # Flower would take '' for a number
    try:
        password = passwords(os.environ)
        if not os.environ.get("FLOWER_AUTH"):  # OAuth, by Flower's own means
            require_password(_address(arguments), password)
    except ValueError as error:
        sys.exit(str(error))
    if password:
        # Flower reads it here; its command line could be seen by every process of the machine.
        os.environ["FLOWER_BASIC_AUTH"] = password
    else:
        os.environ.pop("FLOWER_BASIC_AUTH", None)
    close_doors()
    sys.argv = ["celery", "-A", "worker.app", "flower", f"--tasks_columns={COLUMNS}", *arguments, "--read_only"]
    celery_main()


def _address(arguments: Sequence[str]) -> str:
    given = [argument.partition("=")[2] for argument in arguments if argument.startswith("--address=")]
    return given[-1] if given else os.environ.get("FLOWER_ADDRESS", "")


if __name__ == "__main__":
    main(sys.argv[1:])
