"""A crontab entry: five fields in the notation that Celery reads, checked before beat starts.

`*`, `*/5`, `7`, `mon`, `1-5`, `8-18/2`, and several of these joined by commas. A range may wrap: `22-2`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[0-9]{1,3}))?")


@dataclass(frozen=True, slots=True)
class Crontab:
    """The arguments of `celery.schedules.crontab`, by the same names."""

    minute: str = "*"
    hour: str = "*"
    day_of_week: str = "*"
    day_of_month: str = "*"
    month_of_year: str = "*"


@dataclass(frozen=True, slots=True)
class Unit:
    """What one field counts: from `least` to `most`, with names for the numbers from `least` on."""

    least: int
    most: int
    names: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What an error says."""
        named = f", {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"numbers from {self.least} to {self.most}{named}, ranges, steps or *"


UNITS = {
    "minute": Unit(0, 59),
    "hour": Unit(0, 23),
    "day_of_week": Unit(0, 6, DAYS),
    "day_of_month": Unit(1, 31),
    "month_of_year": Unit(1, 12, MONTHS),
}


def expand(text: str, unit: Unit) -> frozenset[int]:
    """The numbers that a field's text means.

    Raises:
        ValueError: The text is not in the notation, or a number is outside the unit's range.
    """
    return frozenset(number for part in text.split(",") for number in _part(part, unit))


def _part(text: str, unit: Unit) -> list[int]:
    found = _PART.fullmatch(text)
    if not found:
        raise ValueError("not in the notation of a crontab")
    if found["step"] and (int(found["step"]) == 0 or (found["first"] and not found["last"])):
        raise ValueError("a step needs a range, and at least 1")
    return _range(found, unit)[:: int(found["step"] or 1)]


def _range(found: re.Match[str], unit: Unit) -> list[int]:
    if not found["first"]:
        return list(range(unit.least, unit.most + 1))
    first = _number(found["first"], unit)
    last = _number(found["last"] or found["first"], unit)
    if first <= last:
        return list(range(first, last + 1))
    return [*range(first, unit.most + 1), *range(unit.least, last + 1)]


def _number(text: str, unit: Unit) -> int:
    if text.lower() in unit.names:
        return unit.least + unit.names.index(text.lower())
    if not re.fullmatch(r"[0-9]{1,2}", text) or not unit.least <= int(text) <= unit.most:
        raise ValueError("outside the range of its field")
    return int(text)


def never_comes(crontab: Crontab) -> bool:
    """Whether no month has such a day, as 30 February; Celery refuses such a crontab."""
    months = expand(crontab.month_of_year, UNITS["month_of_year"])
    first_day = min(expand(crontab.day_of_month, UNITS["day_of_month"]))
    return all(first_day > _LONGEST_MONTHS[month - 1] for month in months)
