"""The report: a table side by side, the evidence of what was broken, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.chaos.incidents import unexplained
from tests.chaos.puts import Put
from tests.chaos.running import Outcome
from tests.chaos.verdict import Verdict

_SHOWN = 10
_AROUND_S = 6.0


def markdown(runs: Sequence[tuple[Outcome, Verdict]], command: str) -> str:
    """A page."""
    lines = ["# Chaos", "", f"`{command}`", "", *_table([verdict.figures for _, verdict in runs])]
    for outcome, verdict in runs:
        if not outcome.contender.module:
            lines += ["", f"## {outcome.contender.title}: " + ("everything held" if not verdict.broken else "BROKEN")]
            lines += ["", *(f"- {sentence}" for sentence in verdict.broken)]
        lines += _evidence(outcome)
    return "\n".join(lines) + "\n"


def as_json(runs: Sequence[tuple[Outcome, Verdict]], command: str) -> str:
    """The same figures for programs."""
    found = [verdict.figures | {"broken": verdict.broken} for _, verdict in runs]
    return json.dumps({"command": command, "runs": found}, indent=1) + "\n"


def write(path: Path, runs: Sequence[tuple[Outcome, Verdict]], command: str) -> None:
    """Both, side by side: `path` and the same name with `.json`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown(runs, command), encoding="utf-8")
    path.with_suffix(".json").write_text(as_json(runs, command), encoding="utf-8")


def _table(columns: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield "| | " + " | ".join(str(column["contender"]) for column in columns) + " |"
    yield "| --- |" + " --- |" * len(columns)
    for name in columns[0]:
        if name != "contender":
            yield f"| {name} | " + " | ".join(_words(column[name]) for column in columns) + " |"


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else "-" if value is None else str(value)


def _evidence(outcome: Outcome) -> Iterator[str]:
    """The first findings of each kind, with what befell the system just before."""
    for title, moments in _moments(outcome):
        if moments:
            yield from ("", f"### {outcome.contender.title}: {title}", "")
        for at_s, words in moments[:_SHOWN]:
            yield f"- {at_s:.3f} {words}"
            for event_s, event in outcome.events:
                if at_s - _AROUND_S <= event_s <= at_s + 1:
                    yield f"    - {event_s - at_s:+.3f} s {event}"


def _moments(outcome: Outcome) -> Iterator[tuple[str, list[tuple[float, str]]]]:
    found = outcome.findings
    alone = unexplained(found.duplicates, outcome.incidents)
    yield "lost", [(each.recorded_s, f"{each.kind} {each.dialog} {each.user} {each.message}") for each in found.lost]
    yield "backwards", [(put.arrived_s, f"{_put(before)} then {_put(put)}") for before, put in found.backwards]
    yield "twice in flight", [(put.arrived_s, f"{_put(before)} and {_put(put)}") for before, put in found.doubled]
    yield "sent twice", [(put.arrived_s, f"{_put(before)} then {_put(put)}") for before, put in alone]


def _put(put: Put) -> str:
    text = "" if put.said.text is None else f" {put.said.text!r}"
    return f"{put.slot}{text} status {put.status} port {put.port} {put.arrived_s:.3f}-{put.ended_s:.3f}"
