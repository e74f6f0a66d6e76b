"""A fact, what became of it, and the list of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.facts.stage import Stage

# How surely it is known: current documentation; older documentation, QuickBlox' own code, raw logs; inference; unknown.
A, B, C, UNKNOWN = "A", "B", "C", "?"

Check = Callable[["Stage"], "str | None"]


class DiffersError(Exception):
    """The fact does not hold; the text says what was seen instead."""


class CannotTryError(Exception):
    """The fact could not be tried; the text says why."""


class Outcome(StrEnum):
    """What became of a fact."""

    HOLDS = "holds"
    DIFFERS = "does not hold"
    UNTRIED = "could not be tried"


@dataclass(frozen=True)
class Fact:
    """One fact.

    Attributes:
        grade: A, B, C or ?.
        sentence: What is taken for true.
        check: Raises DiffersError or CannotTryError; may answer what was seen.
        otherwise: What to turn in the worker where it does not hold; '' where nothing has to be.
    """

    grade: str
    sentence: str
    check: Check
    otherwise: str = ""

    @property
    def name(self) -> str:
        """Of its function: for tests and programs."""
        return self.check.__name__


@dataclass(frozen=True)
class Finding:
    """A fact and what became of it; `seen` holds nothing secret."""

    fact: Fact
    outcome: Outcome
    seen: str = ""

    @property
    def is_failure(self) -> bool:
        """What the documentation says does not hold."""
        return self.fact.grade == A and self.outcome is Outcome.DIFFERS


FACTS: list[Fact] = []


def fact(grade: str, sentence: str, otherwise: str = "") -> Callable[[Check], Check]:
    """Puts a function on the list of facts, in the order of the text."""

    def put(check: Check) -> Check:
        FACTS.append(Fact(grade, sentence, check, otherwise))
        return check

    return put


def equal(seen: object, expected: object) -> None:
    """Raises DiffersError, with both, unless they are equal."""
    if seen != expected:
        raise DiffersError(f"seen {_text(seen)}, expected {_text(expected)}")


def hold(holds: object, seen: str) -> None:
    """Raises DiffersError with what was seen unless it holds."""
    if not holds:
        raise DiffersError(seen)


def _text(value: object) -> str:
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(str, value))) + "}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "nothing"
    return str(value)
