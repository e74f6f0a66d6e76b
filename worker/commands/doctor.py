"""`python -m worker doctor`: is everything as it should be, and if not, what mends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import click

from worker.commands.door import FaultsError, doors
from worker.commands.options import of_applications
from worker.commands.printing import plain, print_json, print_table
from worker.doctor import Finding, examine
from worker.wording import many

_STYLES = {"ok": "green", "unseen": "cyan", "warning": "yellow", "fault": "bold red"}


@click.command()
@of_applications
@click.option("--user", "user_id", type=click.IntRange(min=1), help="Ask the API on this user's behalf.")
@click.option("--faults", is_flag=True, help="Print what is not `ok` alone.")
def doctor(*, application: str | None, as_json: bool, user_id: int | None, faults: bool) -> None:
    """Look at everything this deployment stands on, and say of each fault how it is mended. Changes nothing.

    Settings that contradict each other; Redis' version, persistence, eviction policy, memory and role, and its clock
    beside this machine's; the broker, whether it is reached, and is the ledger's own Redis; the API, whether it is
    reached over TLS, and accepts the key: one `GET /chat/Message/unread.json`, outside the pace; the accounts of the
    ledger, its unreadable keys, and the settings that the workers have published; whether workers listen, answer and
    get on.

    A line for each finding. `ok`; `unseen`: cannot be told from here; `warning`: perhaps meant; `fault`: to be mended.
    It takes about four seconds.

    Exit code: 0 no fault; 1 a fault, or settings that cannot be used.
    """
    with doors(application) as opened:
        settings = opened[0].settings
        applications = [settings.application(each.application) for each in opened]
        found = list(examine(settings, opened[0].client, applications, user_id))
    shown = [each for each in found if each.level != "ok" or not faults]
    levels = Counter(each.level for each in found)
    if as_json:
        print_json({"faults": levels["fault"], "findings": [asdict(each) for each in shown]})
    else:
        print_table(_rows(shown, several=len(applications) > 1), styles=_STYLES)
        click.echo(f"{many(levels['fault'], 'fault')}, {many(levels['warning'], 'warning')}, {levels['ok']} ok.")
    if levels["fault"]:
        raise FaultsError


def _rows(found: Sequence[Finding], *, several: bool) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for each in found:
        of = f"{each.application}: " if several and each.application else ""
        rows.append((each.level, each.about, plain(of + each.found)))
        if each.mend:
            rows.append(("", "", f"→ {plain(each.mend)}"))
    return rows
