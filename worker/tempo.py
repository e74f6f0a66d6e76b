"""How fast an application moves: what its counts have gained between two looks. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from worker.ledger.standing import Standing


@dataclass(frozen=True, slots=True)
class Tempo:
    """Per second, between two looks.

    Attributes:
        recorded: receipts.
        covered: receipts that a PUT has covered, or that needed none.
        puts: calls that were answered, or given up.
        failed: those of them that were not accepted.
    """

    recorded: float
    covered: float
    puts: float
    failed: float


def tempo(before: Standing, after: Standing) -> Tempo | None:
    """The tempo between two looks; None where no time has passed, or the counts have begun anew."""
    passed_s = (after.now_ms - before.now_ms) / 1000
    if passed_s <= 0 or after.recorded < before.recorded:
        return None
    puts, puts_before = sum(after.puts.values()), sum(before.puts.values())
    failed, failed_before = puts - after.puts["sent"], puts_before - before.puts["sent"]
    return Tempo(
        recorded=(after.recorded - before.recorded) / passed_s,
        covered=(after.covered - before.covered) / passed_s,
        puts=(puts - puts_before) / passed_s,
        failed=(failed - failed_before) / passed_s,
    )


def saved(of: Standing) -> float | None:
    """The share of calls saved so far: of the receipts that were covered, those beyond the accepted PUTs."""
    return None if of.covered <= 0 else max(0.0, 1 - of.puts["sent"] / of.covered)
