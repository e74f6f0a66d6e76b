"""The verdict on a run: what was promised, and whether it held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.chaos.incidents import duplicates_at_most, struck_share, unexplained
from tests.chaos.judge import peak
from tests.chaos.running import Outcome
from tests.chaos.seats import WARM_WITHIN_S
from tests.ledger_audit import Accounts
from traffic.fates import quantile

# A window of so many seconds evens out what a call waits on its way to the API.
RATE_WINDOW_S = 10.0
_RATE_SLACK = 1.02


@dataclass(frozen=True, slots=True)
class Verdict:
    """Figures, and the promises broken; a peer promises nothing, and gets the same figures.

    Attributes:
        figures: by name, as the JSON report has them.
        broken: sentences; empty when everything held.
    """

    figures: dict[str, Any]
    broken: list[str]


def verdict_of(outcome: Outcome) -> Verdict:
    """All figures of a run, and what was broken."""
    figures = _figures(outcome)
    return Verdict(figures, [] if outcome.contender.module else list(_broken(outcome, figures)))


def _figures(outcome: Outcome) -> dict[str, Any]:
    found = outcome.findings
    waits_s = found.waits_s
    return {
        "contender": outcome.contender.title,
        "seed": outcome.options.seed,
        "seconds": round(outcome.took_s),
        "receipts acknowledged": found.acknowledged,
        "receipts in calls of unknown end": found.unknown,
        "hard kills": outcome.kills.total(),
        "kills by kind": dict(outcome.kills),
        "other faults": outcome.faults.total(),
        "faults by kind": dict(sorted(outcome.faults.items())),
        "PUTs": len(outcome.puts),
        "PUTs carried out": sum(put.applied for put in outcome.puts),
        "lost": len(found.lost),
        "dead": len(found.dead),
        "edits backwards": len(found.backwards),
        "stale texts in the end": len(found.stale_texts),
        "slots twice in flight": len(found.doubled),
        "duplicates": len(found.duplicates),
        "duplicates at most": _duplicates_at_most(outcome),
        "heard PUTs that an incident would excuse": round(struck_share(outcome.puts, outcome.incidents), 3),
        "PUTs without any receipt": len(found.groundless),
        "duplicates without an incident": len(unexplained(found.duplicates, outcome.incidents)),
        "drained after s": None if outcome.drained_s is None else round(outcome.drained_s, 1),
        "left waiting": outcome.left,
        "accounts": None if outcome.audit is None else str(outcome.audit),
        "most PUTs in 1 s": peak(outcome.puts, 1.0),
        "most PUTs per s over 10 s": peak(outcome.puts, RATE_WINDOW_S) / RATE_WINDOW_S,
        "wait p50 s": round(quantile(waits_s, 0.5), 2) if waits_s else None,
        "wait p99 s": round(quantile(waits_s, 0.99), 2) if waits_s else None,
        "wait max s": round(waits_s[-1], 2) if waits_s else None,
        "workers stuck in the end": outcome.stuck,
        "workers that ended by themselves": outcome.unasked,
        "warm shutdowns": len(outcome.shutdowns_s),
        "longest warm shutdown s": round(max(outcome.shutdowns_s, default=0.0), 1),
        f"warm shutdowns beyond {WARM_WITHIN_S:g} s": outcome.shutdowns_late,
        "stale settles ignored": outcome.counts.get("stale_settles", 0),
    }


def _duplicates_at_most(outcome: Outcome) -> int:
    # Where nothing but kills can be the reason: one for each kill and slot that was in flight.
    if outcome.options.kills_only:
        return sum(incident.in_flight for incident in outcome.incidents)
    return duplicates_at_most(outcome.puts, outcome.incidents)


def _broken(outcome: Outcome, figures: dict[str, Any]) -> list[str]:
    found, accounts = outcome.findings, outcome.audit
    most_per_s = outcome.options.rate_per_s * _RATE_SLACK
    promises = {
        f"{len(found.lost)} receipts lost": not found.lost,
        f"{len(found.dead)} receipts dead, of slots {sorted({each.dialog for each in found.dead})}": not found.dead,
        f"{len(found.backwards)} edits backwards": not found.backwards,
        f"{len(found.stale_texts)} messages with a stale text": not found.stale_texts,
        f"{len(found.doubled)} slots twice in flight": not found.doubled,
        f"{len(found.duplicates)} duplicates": len(found.duplicates) <= figures["duplicates at most"],
        f"{figures['duplicates without an incident']} duplicates without an incident": (
            figures["duplicates without an incident"] == 0
        ),
        f"{len(found.groundless)} PUTs without any receipt": not found.groundless,
        "not drained in time": outcome.drained_s is not None,
        f"accounts do not balance: {accounts}": isinstance(accounts, Accounts) and _is_settled(accounts),
        f"acknowledged {found.acknowledged}, unknown {found.unknown}, but {accounts}": (
            not isinstance(accounts, Accounts)
            or found.acknowledged <= accounts.recorded <= found.acknowledged + found.unknown
        ),
        f"{figures['most PUTs per s over 10 s']} PUTs per s": figures["most PUTs per s over 10 s"] <= most_per_s,
        f"stuck: {', '.join(outcome.stuck)}": not outcome.stuck,
        f"ended by themselves: {', '.join(outcome.unasked)}": not outcome.unasked,
        f"{outcome.shutdowns_late} warm shutdowns beyond {WARM_WITHIN_S:g} s": outcome.shutdowns_late == 0,
        f"{outcome.kills.total()} kills only": outcome.kills.total() >= outcome.options.kills,
        f"{found.acknowledged} receipts only": found.acknowledged >= outcome.options.receipts,
    }
    return [sentence for sentence, held in promises.items() if not held]


def _is_settled(accounts: Accounts) -> bool:
    return accounts.balance == accounts.pending == accounts.in_flight == 0
