"""Sides that take turns, so that all meet the same machine: every comparison is a ratio within one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

LEAST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Spread:
    """What several rounds say of one number.

    Attributes:
        median: Of all rounds.
        least: Of all rounds.
        most: Of all rounds.
    """

    median: float
    least: float
    most: float

    @property
    def text(self) -> str:
        """The least and the most, as a note shows them."""
        return f"{_three(self.least)} to {_three(self.most)}"


def _three(value: float) -> str:
    """Three digits that count, never as a power of ten."""
    return f"{float(f'{value:.3g}'):,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"  # noqa: PLR2004 - where %g begins to


def spread(values: Sequence[float]) -> Spread:
    """The median and the ends.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("no round was measured")
    return Spread(median(values), min(values), max(values))


def ratio(over: Sequence[float], under: Sequence[float]) -> Spread:
    """Of numbers that were measured in the same rounds, one pair after the other.

    Raises:
        ValueError: There are no values, or more on one side.
    """
    return spread([a / b for a, b in zip(over, under, strict=True)])


class Rounds:
    """Measures sides in turn; each round begins with another one.

    Attributes:
        values: What each side measured, by its name, round by round.
    """

    def __init__(self, sides: Mapping[str, Callable[[], float]], rounds: int = LEAST_ROUNDS) -> None:
        """Measure; the first turn of each side is its warm-up and counts for nothing."""
        names = list(sides)
        self.values: dict[str, list[float]] = {name: [] for name in names}
        for name in names:
            sides[name]()
        for number in range(rounds):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                self.values[name].append(sides[name]())

    def of(self, name: str) -> Spread:
        """One side's own number."""
        return spread(self.values[name])

    def ratio(self, over: str, under: str) -> Spread:
        """One side's number divided by another's, round by round."""
        return ratio(self.values[over], self.values[under])
