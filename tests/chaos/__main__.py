"""`python -m tests.chaos`: our run, and with `--peers` the peers' beside a smaller one of ours."""

from __future__ import annotations

import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from stack.signals import end_what_was_started
from tests.chaos.contenders import CONTENDERS
from tests.chaos.report import markdown, write
from tests.chaos.running import Outcome, run
from tests.chaos.stage import Options
from tests.chaos.verdict import Verdict, verdict_of


@click.command()
@click.option("--receipts", default=1_000_000, show_default=True, help="How many are recorded.")
@click.option("--kills", default=500, show_default=True, help="Hard kills at least.")
@click.option("--seed", default=1, show_default=True, help="Of faults and receipts.")
@click.option("--per-s", default=1_000.0, show_default=True, help="Receipts per second.")
@click.option("--at-most-s", default=1_200.0, show_default=True, help="When the run is ended early.")
@click.option("--drain-s", default=180.0, show_default=True, help="How long everything may take to drain.")
@click.option("--contender", "names", multiple=True, type=click.Choice(list(CONTENDERS)), help="Ours unless given.")
@click.option("--kills-only", is_flag=True, help="Kill workers and their processes, and let all else be well.")
@click.option("--report", type=click.Path(path_type=Path), help="A markdown file; JSON is written beside it.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep logs and journals in this directory.")
def main(names: tuple[str, ...], report: Path | None, keep: Path | None, **size: Any) -> None:
    """Live through chaos and be judged; exit code 1 when a promise was broken."""
    options = Options(**size)
    command = shlex.join(["python", "-m", "tests.chaos", *sys.argv[1:]])
    runs = [_one(name, options, keep) for name in names or ("ours",)]
    click.echo(markdown(runs, command))
    if report:
        write(report, runs, command)
    sys.exit(any(verdict.broken for _, verdict in runs))


def _one(name: str, options: Options, keep: Path | None) -> tuple[Outcome, Verdict]:
    if keep:
        (keep / name).mkdir(parents=True)
        outcome = run(CONTENDERS[name], options, keep / name, click.echo)
    else:
        with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as directory:
            outcome = run(CONTENDERS[name], options, Path(directory), click.echo)
    verdict = verdict_of(outcome)
    click.echo(f"{name}: broken: {verdict.broken or 'nothing'}")
    return outcome, verdict


if __name__ == "__main__":
    end_what_was_started()
    main()
