"""Asking an application for all facts, one after the other, and taking everything away again, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.contract.facts import of_answers, of_meaning, of_neighbours, of_requests, of_sessions
from tests.contract.facts.access import Access
from tests.contract.facts.chat import CALLS_PER_S, Chat
from tests.contract.facts.fact import FACTS, CannotTryError, DiffersError, Fact, Finding, Outcome
from tests.contract.facts.stage import Stage

__all__ = ["FACTS", "Report", "ask", "find", "in_order", "set_up"]

# The list fills itself when these are imported; they are asked in this order.
SUBJECTS = (of_requests, of_sessions, of_meaning, of_neighbours, of_answers)


@dataclass
class Report:
    """What was found, and what could not be taken away again."""

    findings: list[Finding] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def is_failure(self) -> bool:
        """Whether a documented fact does not hold, or something is left."""
        return bool(self.left) or any(finding.is_failure for finding in self.findings)


def in_order(facts: Sequence[Fact]) -> list[Fact]:
    """The facts by subject; what is met by chance is asked last, when most has been heard."""
    places = {subject.__name__: place for place, subject in enumerate(SUBJECTS)}
    return sorted(facts, key=lambda one: places.get(one.check.__module__, len(places)))


@contextmanager
def set_up(access: Access, report: Report, calls_per_s: float = CALLS_PER_S) -> Iterator[Stage]:
    """A stage in an application; in the end nothing is left of it but what the report names.

    Raises:
        CannotTryError: The users are not let in.
    """
    with Chat(access, calls_per_s) as chat:
        stage = Stage(access, chat)
        try:
            stage.enter()
            yield stage
        finally:
            report.left += stage.clean()


def find(one: Fact, stage: Stage) -> Finding:
    """Find out about one fact; its dialogs are gone afterwards, or will be tried once more by `clean`."""
    try:
        seen = one.check(stage)
    except DiffersError as difference:
        return Finding(one, Outcome.DIFFERS, str(difference))
    except CannotTryError as hindrance:
        return Finding(one, Outcome.UNTRIED, str(hindrance))
    except (ValueError, LookupError, TypeError, AttributeError) as surprise:
        # An answer of a form that nobody has foreseen: which, is the finding.
        return Finding(one, Outcome.DIFFERS, f"an answer of another form: {type(surprise).__name__} {surprise}")
    finally:
        stage.clear()
    return Finding(one, Outcome.HOLDS, seen or "")


def ask(
    access: Access, report: Report, facts: Sequence[Fact] | None = None, calls_per_s: float = CALLS_PER_S
) -> Report:
    """Ask for facts, all unless told otherwise, and fill the report, which also says how it stands when this raises.

    Raises:
        CannotTryError: The users are not let in.
    """
    with set_up(access, report, calls_per_s) as stage:
        for one in in_order(FACTS if facts is None else facts):
            report.findings.append(find(one, stage))
    return report
