"""A history: what happened in a schedule, in order, as the checker reads it. Times are true (virtual) ms."""

from __future__ import annotations

from dataclasses import dataclass

from receipt_sync import Receipt
from tests.simulation.setup import Setup
from worker.ledger import EditClaim, MarkClaim, Outcome
from worker.plan import Put

AnyClaim = MarkClaim | EditClaim


@dataclass(slots=True)
class Recorded:
    """The ledger took receipts; the recording returns, unless its answer is lost."""

    at_ms: int
    receipts: tuple[Receipt, ...]


@dataclass(slots=True)
class Claimed:
    """The ledger granted a claim."""

    at_ms: int
    claim: AnyClaim


@dataclass(slots=True)
class Sent:
    """A PUT left its worker.

    Attributes:
        number: the schedule's n-th.
        excused: the worker slept between its last look at the clock and the socket: nobody can prevent that.
    """

    at_ms: int
    number: int
    claim: AnyClaim
    put: Put
    excused: bool = False


@dataclass(slots=True)
class Applied:
    """The API did what a PUT asked for."""

    at_ms: int
    number: int


@dataclass(slots=True)
class Ended:
    """The call was over: answered, or given up at its deadline."""

    at_ms: int
    number: int


@dataclass(slots=True)
class Settled:
    """The ledger took a settle of the claim granted in event `of_claim`; `dead` receipts died of it."""

    at_ms: int
    slot: str
    of_claim: int
    outcome: Outcome
    accepted: bool
    dead: int


@dataclass(slots=True)
class Reaped:
    """A lease ran out; `dead` receipts died of it."""

    at_ms: int
    slot: str
    dead: int


@dataclass(slots=True)
class Stopped:
    """A due slot had no session token to be sent with; `dead` receipts had waited long enough."""

    at_ms: int
    slot: str
    dead: int


@dataclass(slots=True)
class RolledBack:
    """Redis lost what it had written since event number `to`, at `since_ms`."""

    at_ms: int
    to: int
    since_ms: int


@dataclass(slots=True)
class Quietened:
    """From here on nothing goes wrong any more."""

    at_ms: int


Event = Recorded | Claimed | Sent | Applied | Ended | Settled | Reaped | Stopped | RolledBack | Quietened


@dataclass
class History:
    """What happened, under which setup, and what was left at the end."""

    setup: Setup
    events: list[Event]
    drained: bool
    ended_ms: int
