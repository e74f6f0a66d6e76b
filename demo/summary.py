"""The figures of a run, its findings, and the addresses of what is left running."""

import shlex
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.scenario import CHAT_S, GATHER_S, PLAN_CALLS_PER_S, SPEED, Scenario
from demo.stage import Stage
from demo.verify import Evidence, Finding, peak_per_s
from demo.weather import SPELLS
from settings.masking import mask_url
from stack.services import PROJECT
from traffic.oracle import fewest_puts
from traffic.waits import quantile

SHOWN_CASES = 5
THROTTLED, UNAVAILABLE = 429, 500


def print_prologue(console: Console, scenario: Scenario) -> None:
    """Say what is going to happen."""
    day = scenario.day
    console.print(
        f"{len(scenario.arrivals):,} receipts of {CHAT_S / 60:.0f} minutes of a busy chat "
        f"({len(day.users):,} users, {len(day.dialogs):,} dialogs, {len(day.messages):,} messages), "
        f"played in {scenario.duration_s:.0f} seconds: {SPEED:.0f} times as fast.\n"
        f"The chat API takes {PLAN_CALLS_PER_S} calls per second, and will have its bad moments:",
        highlight=False,
    )
    for spell in SPELLS:
        console.print(f"  {spell.begins_s:2.0f}-{spell.ends_s:.0f} s  {spell.name}", highlight=False)


def print_figures(console: Console, evidence: Evidence, scenario: Scenario) -> None:
    """Print the table of figures."""
    table = Table(title="What it took", title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for name, value in figures(evidence, scenario):
        table.add_row(name, value)
    console.print(table)


def figures(evidence: Evidence, scenario: Scenario) -> list[tuple[str, str]]:
    """Names and values of the table."""
    accounts, puts = evidence.accounts, evidence.puts
    accepted = sum(put.accepted is not None for put in puts)
    no_answer = sum(put.status is None or put.status >= UNAVAILABLE for put in puts)
    least = fewest_puts(scenario.arrivals, GATHER_S)
    return [
        ("receipts recorded", f"{accounts.recorded:,}"),
        ("  by beat's job, through the broker", f"{evidence.jobs:,}"),
        ("PUTs sent", f"{len(puts):,}"),
        ("  accepted", f"{accepted:,}"),
        ("calls saved, against one per receipt", f"{1 - len(puts) / max(1, accounts.recorded):.1%}"),
        (f"fewest PUTs possible within {GATHER_S:g} s", f"{least:,}"),
        ("wait for the PUT: p50 / p99 / max", _waits(evidence)),
        ("  of these before the first fault", _waits(evidence, _first_fault_s(evidence))),
        ("receipts that were covered already", f"{len(evidence.fates.absorbed):,}"),
        ("retries after 5xx and resets", f"{no_answer:,}"),
        ("retries after 429", f"{sum(put.status == THROTTLED for put in puts):,}"),
        ("dead", f"{accounts.dead:,}"),
        (f"most calls in a second, of {evidence.cap_per_s}", f"{peak_per_s(_times(evidence))[0]}"),
    ]


def print_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print every check, and for those that failed how many cases there are and the first of them."""
    for finding in findings:
        if not finding.cases:
            console.print(f"[green]✓[/] {finding.promise}", highlight=False)
            continue
        console.print(f"[bold red]✗ {finding.promise}: {len(finding.cases):,} case(s)[/]", highlight=False)
        for case in finding.cases[:SHOWN_CASES]:
            console.print(f"    {escape(case)}", highlight=False, soft_wrap=True)
        if len(finding.cases) > SHOWN_CASES:
            console.print(f"    and {len(finding.cases) - SHOWN_CASES:,} more", highlight=False)


def print_addresses(console: Console, stage: Stage, scenario: Scenario) -> None:
    """Say where everything is that has been left running, and how to record a receipt of one's own."""
    dialog, user = scenario.unread()
    message = next(one.id for one in scenario.day.messages if one.dialog == dialog)
    python = f"cd {shlex.quote(str(PROJECT))} && PYTHONPATH=producer {shlex.quote(sys.executable)}"
    shown = mask_url(stage.redis_url)
    queue = f'ReceiptQueue("{shown}")' if shown == stage.redis_url else "ReceiptQueue.from_env()"
    lines = (
        "\n[bold]All of it goes on until Ctrl-C.[/]",
        f"Flower    {stage.flower_url}",
        f"page      {stage.page_url}   receipts, live: press its buttons",
        f"sandbox   {stage.sandbox_url}",
        f"ledger    {escape(shown)}",
        f"logs      {escape(str(stage.log_dir))}",
        f"\nA receipt of your own, in  {escape(python)}\n",
        "    from receipt_sync import ReceiptQueue",
        f"    receipts = {escape(queue)}",
        f'    receipts.mark_dialog_read("{dialog}", user_id={user})',
        f"\nand {user} is among the read_ids of {stage.sandbox_url}/_sandbox/messages/{message}",
    )
    for text in lines:
        console.print(text, highlight=False, soft_wrap=True)


def _first_fault_s(evidence: Evidence) -> float:
    """Receipts recorded later than one gather time before the first fault may have met it."""
    return min((past.from_s for past in evidence.past), default=float("inf")) - GATHER_S


def _waits(evidence: Evidence, before_s: float = float("inf")) -> str:
    waits_s = sorted(one.wait_s for one in evidence.fates.waits if one.receipt.recorded_s < before_s)
    if not waits_s:
        return "-"
    return " / ".join(f"{quantile(waits_s, share):.2f}" for share in (0.5, 0.99, 1.0)) + " s"


def _times(evidence: Evidence) -> list[float]:
    return [put.arrived_s for put in evidence.puts]
