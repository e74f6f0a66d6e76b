"""`python -m worker pause WHY` and `python -m worker resume`: by hand, for all workers of an application."""

from __future__ import annotations

from typing import Any

import click

from worker.commands.door import door
from worker.commands.options import of_application
from worker.commands.printing import plain, print_json, utc
from worker.ledger import Paused
from worker.ledger.pausing import pause as pause_application
from worker.ledger.pausing import resume as resume_application

_WHY_CHARS = 200


class Why(click.ParamType[str]):
    """A reason that somebody else can read later."""

    name = "why"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """One line, without the spaces around it."""
        why = str(value).strip()
        if not why or not why.isprintable() or len(why) > _WHY_CHARS:
            self.fail(f"{why[:60]!r} is no reason: expected 1 to {_WHY_CHARS} printable characters", param, ctx)
        return why


@click.command()
@of_application
@click.argument("why", type=Why())
def pause(*, application: str | None, as_json: bool, why: str) -> None:
    """Send nothing more until `resume`, and say WHY.

    Receipts are kept and joined, calls under way end. The pause outlives every worker. Of one that is paused already
    only the reason changes.
    """
    with door(application) as opened:
        before = pause_application(opened.client, opened.application, why)
    if as_json:
        print_json({"application": opened.application, "paused": True, "why": why, "before": _described(before)})
    elif before:
        click.echo(f"{opened.application} was paused already {_said(before)}; from now on the reason is: {plain(why)}")
    else:
        click.echo(f"{opened.application} is paused: receipts are kept and joined, nothing is sent until `resume`.")


@click.command()
@of_application
def resume(*, application: str | None, as_json: bool) -> None:
    """Send again what a pause has kept: at the application's rate, the longest waiting first."""
    with door(application) as opened:
        before = resume_application(opened.client, opened.application)
    if as_json:
        print_json({"application": opened.application, "paused": False, "before": _described(before)})
    elif before:
        click.echo(f"{opened.application} goes on; it was paused {_said(before)}.")
    else:
        click.echo(f"{opened.application} was not paused.")


def _described(before: Paused | None) -> dict[str, Any] | None:
    return None if before is None else {"since_ms": before.since_ms, "why": before.why}


def _said(before: Paused) -> str:
    return f"since {utc(before.since_ms)} ({plain(before.why)})"
