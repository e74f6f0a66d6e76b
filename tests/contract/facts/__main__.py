"""`python -m tests.contract.facts`: which facts hold in your QuickBlox application, as a table."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import click

from stack.ports import free_port
from stack.services import start_sandbox
from tests.contract.facts.access import Access, AccessError, NoCredentialsError
from tests.contract.facts.fact import CannotTryError
from tests.contract.facts.printing import print_as_json, print_left, print_report
from tests.contract.facts.running import Report, ask
from tests.contract.facts.sandbox_access import FAST, of_sandbox

_WRONG, _ENDED = 2, 143


@click.command()
@click.option("--sandbox", is_flag=True, help="Ask the sandbox, started for it, instead of an application.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def main(*, sandbox: bool, as_json: bool) -> None:
    """Ask the application that QUICKBLOX_CONTRACT_… names for every fact; all that is made there is deleted again.

    Exit code 1: a documented fact (A) does not hold, or something is left behind. 2: variables are wrong, or the users
    are not let in.
    """
    signal.signal(signal.SIGTERM, _leave)  # what was made is deleted then, too
    report = Report()
    try:
        _ask_sandbox(report) if sandbox else ask(Access.from_env(os.environ), report)
    except NoCredentialsError as sentence:
        click.echo(str(sentence))
        return
    except (AccessError, CannotTryError) as fault:
        click.echo(str(fault), err=True)
        sys.exit(_WRONG)
    except BaseException:
        print_left(report)
        raise
    print_as_json(report) if as_json else print_report(report)
    sys.exit(report.is_failure)


def _ask_sandbox(report: Report) -> None:
    os.environ["no_proxy"] = "127.0.0.1"
    with tempfile.TemporaryDirectory(prefix="facts-") as directory:
        port = free_port()
        with start_sandbox(sys.executable, port, Path(directory)):
            ask(of_sandbox(f"http://127.0.0.1:{port}"), report, calls_per_s=FAST)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(_ENDED)


if __name__ == "__main__":
    main()
