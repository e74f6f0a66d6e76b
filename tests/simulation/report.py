"""What many schedules came to, as a page and as a line."""

from __future__ import annotations

from collections import Counter

from tests.simulation.keeping import Kept
from tests.simulation.running import COMPARED_ONE_IN, Tally


def progress(total: Tally, wanted: int, seconds: float) -> str:
    """One line while they run."""
    each_ms = 1000 * seconds / total.schedules
    return f"{total.schedules:,} of {wanted:,} schedules, {len(total.broken)} broken, {each_ms:.2f} ms each"


def as_markdown(kept: Kept, seeds: range, jobs: int) -> str:
    """The result."""
    total = kept.total
    lines = [
        "# The simulator's result",
        "",
        f"    python -m tests.simulation --schedules {len(seeds)} --first {seeds.start} --jobs {jobs}",
        "",
        "| figure | value |",
        "| --- | --- |",
        f"| the protocol's text (sha256) | `{kept.protocol[:16]}` |",
        f"| schedules run | {total.schedules:,} |",
        f"| seeds | {seeds.start} to {seeds.stop - 1} |",
        f"| **promises broken** | **{len(total.broken)}** |",
        f"| events | {total.events:,} |",
        f"| decisions | {total.decisions:,} |",
        f"| whole state compared with the model, accounts audited | {total.compared:,} (one in {COMPARED_ONE_IN}) |",
        f"| faults | {total.faults.total():,} |",
        f"| PUTs | {total.puts.total():,} |",
        f"| seconds, {jobs} processes | {kept.seconds:,.0f} |",
        "",
        *_table("faults", total.faults),
        *_table("PUTs by what became of them", total.puts),
    ]
    if total.broken:
        lines += ["| seed | promise broken |", "| --- | --- |"]
        lines += [f"| {seed} | {words} |" for seed, words in sorted(total.broken)[:50]]
    return "\n".join(lines) + "\n"


def _table(title: str, counted: Counter[str]) -> list[str]:
    return [f"| {title} | times |", "| --- | --- |", *(f"| {name} | {n:,} |" for name, n in counted.most_common()), ""]
