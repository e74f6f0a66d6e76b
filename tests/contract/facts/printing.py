"""A report as a table for people, or as JSON for programs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from tests.contract.facts.fact import UNKNOWN, A, B, C, Finding, Outcome
from tests.contract.facts.running import Report
from worker.commands.printing import plain, print_json, print_table

HEADER = ("grade", "fact", "outcome", "seen")
_SEEN_CHARS = 160
_STYLES = {Outcome.HOLDS.value: "green", Outcome.DIFFERS.value: "bold red", Outcome.UNTRIED.value: "yellow"}


def print_report(report: Report) -> None:
    """All facts, counts by grade, what has to be turned in the worker, and what is left behind."""
    if report.findings:
        print_table([_row(finding) for finding in report.findings], header=HEADER, styles=_STYLES)
        click.echo()
    for grade in (A, B, C, UNKNOWN):
        outcomes = Counter(finding.outcome for finding in report.findings if finding.fact.grade == grade)
        holds, differs, untried = (outcomes[outcome] for outcome in Outcome)
        click.echo(f"[{grade}]  {holds} hold, {differs} do not hold, {untried} could not be tried")
    for finding in report.findings:
        if finding.outcome is Outcome.DIFFERS and finding.fact.otherwise:
            click.echo(f"The worker has to be told: {finding.fact.otherwise}")
    print_left(report)


def print_left(report: Report) -> None:
    """What could not be deleted, on stderr."""
    for sentence in report.left:
        click.echo(f"left behind: {plain(sentence, _SEEN_CHARS)}", err=True)


def print_as_json(report: Report) -> None:
    """`facts`, a list of `name`, `grade`, `fact`, `outcome`, `seen`; and `left`."""
    print_json({"facts": [_document(finding) for finding in report.findings], "left": report.left})


def _row(finding: Finding) -> tuple[str, str, str, str]:
    return f"[{finding.fact.grade}]", finding.fact.sentence, finding.outcome.value, plain(finding.seen, _SEEN_CHARS)


def _document(finding: Finding) -> dict[str, Any]:
    fact = finding.fact
    return {
        "name": fact.name,
        "grade": fact.grade,
        "fact": fact.sentence,
        "outcome": finding.outcome.value,
        "seen": finding.seen,
    }
