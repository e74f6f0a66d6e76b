"""Every metric, once: its name, its type, its labels with their values, and a sentence.

Whatever else names them is held to this list: the sheet raises for another one, docs/metrics.md is made from it, and
tests run the dashboard's and the alerts' queries against what is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from worker.ledger.standing import VERDICTS

Kind = Literal["counter", "gauge", "histogram"]
Labels = Mapping[str, tuple[str, ...]]

KINDS = ("read", "delivered", "edit", "invalid", "unknown")
LOGIN_OUTCOMES = ("made", "refused")
HOLDERS = ("doorbell", "sync")
REASONS = ("outage", "key")


@dataclass(frozen=True, eq=False)
class Metric:
    """One metric.

    Attributes:
        name: with `receipts_` in front, and as Prometheus has it: its unit and `_total` at the end.
        kind: its type.
        unit: what a value counts.
        sentence: what it says; one line, the end of "how many …" or a statement.
        labels: beside `application`, each with the values it can have.
    """

    name: str
    kind: Kind
    unit: str
    sentence: str
    labels: Labels = field(default_factory=dict)


def _counter(name: str, unit: str, sentence: str, **labels: tuple[str, ...]) -> Metric:
    return Metric(f"receipts_{name}_total", "counter", unit, sentence, labels)


def _gauge(name: str, unit: str, sentence: str, **labels: tuple[str, ...]) -> Metric:
    return Metric(f"receipts_{name}", "gauge", unit, sentence, labels)


def _histogram(name: str, sentence: str) -> Metric:
    return Metric(f"receipts_{name}_seconds", "histogram", "seconds", sentence)


UP = _gauge("up", "0 or 1", "Whether the application's ledger could be read just now; where not, the rest is missing.")

RECORDED = _counter(
    "recorded",
    "receipts",
    "Receipts recorded. `invalid`: calls that never became one; `unknown`: by a release that counted no kinds.",
    kind=KINDS,
)
JOINED = _counter(
    "joined", "receipts", "Receipts that found others pending in their slot: they wait with them and cost no PUT."
)
COVERED = _counter("covered", "receipts", "Receipts covered by a PUT that the API accepted, or absorbed.")
ABSORBED = _counter("absorbed", "receipts", "Of the covered ones those that needed no PUT: said before, or outdated.")
DIED = _counter("died", "receipts", "Receipts that became dead letters, replayed ones among them.")
REPLAYED = _counter("replayed", "receipts", "Dead receipts that somebody has replayed.")
DROPPED = _counter("dead_dropped", "receipts", "Dead receipts whose letters somebody has dropped.")
EXPIRED = _counter("dead_expired", "receipts", "Dead receipts whose letters were kept for as long as is set.")

PENDING = _gauge("pending", "receipts", "Receipts that wait for their slot's PUT.")
IN_FLIGHT = _gauge("in_flight", "receipts", "Receipts whose slot has been claimed and not settled yet.")
DEAD = _gauge("dead", "receipts", "Receipts that are dead: those in letters, and those whose letters are gone.")
UNBALANCED = _gauge(
    "unbalanced", "receipts", "Recorded less covered, dead, pending and in flight; anything but 0 is a bug or damage."
)
DEAD_LETTERS = _gauge("dead_letters", "letters", "Dead letters that stand, to be looked at, replayed or dropped.")

SLOTS_WAITING = _gauge("slots_waiting", "slots", "Slots with something pending and nothing in flight.")
SLOTS_DUE = _gauge("slots_due", "slots", "Of the waiting slots those that could be sent now.")
SLOTS_IN_FLIGHT = _gauge("slots_in_flight", "slots", "Slots that a worker has claimed.")
OLDEST_WAIT = _gauge(
    "oldest_wait_seconds",
    "seconds",
    "How long the oldest receipt has waited, of the 200 slots due first, the 200 due last and 200 in flight; 0: none.",
)
OVERDUE = _gauge(
    "overdue_seconds",
    "seconds",
    "How long the first slot has been due; 0: none is. What gathers, backs off or waits for a token is not.",
)
WAIT = _histogram(
    "wait", "From the recording of the oldest receipt that an accepted PUT carried until that PUT was claimed."
)

PUTS = _counter("puts", "PUTs", "PUTs, and logins without a good answer, by what the answer meant.", verdict=VERDICTS)
PUT_DURATION = _histogram("put_duration", "From asking the API until its answer, or until there was none.")
LOGINS = _counter(
    "logins", "logins", "Logins of the service session, each in the place of a PUT.", outcome=LOGIN_OUTCOMES
)

DOORBELLS = _counter("doorbells", "doorbells", "Sync tasks that were enqueued, or were about to be.")
PERMITS = _gauge(
    "permits", "permits", "Permits outstanding: doorbells that no sync has answered yet, syncs at work.", holder=HOLDERS
)
NOTICES = _gauge("notices", "notices", "Notices that wait for their readers (docs/hooks.md).")
NOTICES_LOST = _counter("notices_lost", "notices", "Notices that nobody had read and that made room for newer ones.")
HANDED_BACK = _counter("claims_handed_back", "claims", "Claims that went back unsent: too late, or the worker closed.")
LEASES_LOST = _counter("leases_expired", "claims", "Claims taken back because their worker died or hung.")
STALE = _counter("settles_stale", "settles", "Ends of claims that had been taken away before; they change nothing.")
REFUSED = _counter(
    "messages_refused", "messages", "Messages of the broker's that were thrown away: no receipts at all."
)

RATE_LIMIT = _gauge("rate_limit", "calls/s", "How fast it may call now; +Inf: no limit is set, and none was found.")
RATE_CONFIGURED = _gauge("rate_configured", "calls/s", "The limit that is set; +Inf: none.")
CALLS = _gauge("calls_last_second", "calls", "Calls claimed in the last second; missing where there is no limit.")
TOKENS = _gauge("call_tokens", "calls", "Calls that the pace's bucket would allow at once; missing without a limit.")
HOLD = _gauge(
    "hold_seconds", "seconds", "How much longer nothing is claimed because the API throttles (429); 0: no hold."
)
BREAKER = _gauge(
    "breaker_open", "0 or 1", "Whether the breaker is open, and why: `outage`, or a refused API `key`.", why=REASONS
)
PAUSED = _gauge("paused", "0 or 1", "Whether somebody has paused it.")
BROKEN = _gauge(
    "broken_keys", "keys", "Slots and keys set aside because something else lay there; see `rs:{app}:broken`."
)
UNREADABLE = _gauge(
    "unreadable_keys", "keys", "Keys that hold something else than they should, and were not set aside yet."
)

DECLARED: tuple[Metric, ...] = tuple(each for each in list(globals().values()) if isinstance(each, Metric))
