"""What is wrong with the settings, one line per fault, safe to print.

A fault is made with its value already masked and cut: whoever prints, logs or reports it later cannot leak a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_SHOWN = 60
"""Characters of a value that a fault shows; the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        variable: The environment variable, or the place in the schedule file.
        value: What it is now, masked where it is secret, cut where it is long.
        expected: What would be right.
    """

    variable: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"{self.variable} is {self.value}; expected {self.expected}"


class SettingsError(Exception):
    """The settings cannot be used; `faults` holds every reason, not the first one only."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        count = len(self.faults)
        title = "1 setting cannot be used:" if count == 1 else f"{count} settings cannot be used:"
        return "\n".join([title, *(f"  {fault}" for fault in self.faults)])


class UnknownApplicationError(KeyError):
    """No application of this name is configured."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known: tuple[str, ...] = tuple(known)
        super().__init__(name, self.known)

    def __str__(self) -> str:
        return f"no application {shown(self.name)}: the settings name {', '.join(self.known)}"


def shown(text: str) -> str:
    """A value in one line: quoted, control characters escaped, cut after `LONGEST_SHOWN` characters."""
    if len(text) <= LONGEST_SHOWN:
        return repr(text)
    return f"{text[:LONGEST_SHOWN]!r}… ({len(text)} characters)"
