"""Outcomes: the four ends a claim can have, as settle.lua takes them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum


class Settled(IntEnum):
    """What settling came to: false where the claim had been taken away; DIED: it was to come again, and did not."""

    STALE = 0
    ENDED = 1
    DIED = 2


@dataclass(frozen=True, slots=True)
class Part:
    """What one PUT carried of a claim: letters of flags, and message ids (none: the whole dialog, or an edit)."""

    flags: str = ""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """The API accepted the PUT, which took `took_ms`; None: not known."""

    part: Part
    took_ms: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Again:
    """Not accepted, to be sent later: joined back under what is pending.

    Attributes:
        reason: a short sentence without private content.
        verdict: name of the verdict, for the counts.
        delay_ms: until the slot is due.
        costs_attempt: counts as a failed attempt, for the backoff.
        hold_ms: nothing of this application is claimed so long: the API asked for it, or its key is refused.
        list_limit: most ids in the slot's next list; None as it is.
        wants_token: the session token was refused, or there are no credentials: all slots of the actor wait for
            another token; one that no token can help is due after the delay.
        in_doubt: the API may have applied the PUT, or may still do so: another text waits until it cannot.
        took_ms: how long the PUT took; None: there was none.
    """

    reason: str
    verdict: str
    delay_ms: int = 0
    costs_attempt: bool = False
    hold_ms: int = 0
    list_limit: int | None = None
    wants_token: bool = False
    in_doubt: bool = False
    took_ms: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Dead:
    """Will never be accepted: to the dead letters.

    `words` are the API's; `part` None: all that was claimed; `took_ms` None: there was no PUT.
    """

    reason: str
    verdict: str
    part: Part | None = None
    status: int | None = None
    words: str = field(default="", repr=False)
    request_id: str = ""
    took_ms: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Back:
    """Handed back unsent."""

    reason: str


Outcome = Done | Again | Dead | Back
_ALL = Part(flags="rd")


def timed(outcome: Outcome, took_ms: int) -> Outcome:
    """The same outcome of a PUT that took so long."""
    return outcome if isinstance(outcome, Back) else replace(outcome, took_ms=took_ms)


def settle_arguments(slot: str, generation: int, outcome: Outcome) -> tuple[str | int, ...]:
    """The seventeen arguments of settle.lua for one claim, in its order."""
    match outcome:
        case Done(part, took_ms):
            return _arguments(slot, generation, "done", part, verdict="sent", took_ms=_or_none(took_ms))
        case Again():
            return _again(slot, generation, outcome)
        case Dead():
            return _dead(slot, generation, outcome)
        case Back(reason):
            return _arguments(slot, generation, "back", _ALL, reason=reason)


def _again(slot: str, generation: int, outcome: Again) -> tuple[str | int, ...]:
    return _arguments(
        slot,
        generation,
        "again",
        _ALL,
        delay_ms=outcome.delay_ms,
        costs=int(outcome.costs_attempt),
        hold_ms=outcome.hold_ms,
        list_limit=_or_none(outcome.list_limit),
        wants_token=int(outcome.wants_token),
        in_doubt=int(outcome.in_doubt),
        reason=outcome.reason,
        verdict=outcome.verdict,
        took_ms=_or_none(outcome.took_ms),
    )


def _dead(slot: str, generation: int, outcome: Dead) -> tuple[str | int, ...]:
    return _arguments(
        slot,
        generation,
        "dead" if outcome.part else "dead_all",
        outcome.part or _ALL,
        reason=outcome.reason,
        status=_or_none(outcome.status),
        words=outcome.words,
        request_id=outcome.request_id,
        verdict=outcome.verdict,
        took_ms=_or_none(outcome.took_ms),
    )


def _arguments(slot: str, generation: int, outcome: str, part: Part, **more: str | int) -> tuple[str | int, ...]:
    given = _DEFAULTS | more
    return slot, generation, outcome, part.flags, ",".join(part.ids), *(given[name] for name in _DEFAULTS)


def _or_none(value: int | None) -> str | int:
    return "" if value is None else value


_DEFAULTS: dict[str, str | int] = {
    "delay_ms": 0,
    "costs": 0,
    "hold_ms": 0,
    "list_limit": "",
    "wants_token": 0,
    "in_doubt": 0,
    "reason": "",
    "status": "",
    "words": "",
    "request_id": "",
    "verdict": "",
    "took_ms": "",
}
