"""A side's turns: what each has taken."""

from collections.abc import Callable, Sequence
from statistics import median

from bench.processor import Processor, Spent, spent_on
from bench.running import Running


class Turns:
    """Does a side's work, turn by turn, and remembers what it has taken.

    Args:
        system: Whose Redis and sandbox it uses.
        own: Says how much processor time the side has taken so far.
    """

    def __init__(self, system: Running, own: Processor) -> None:
        self._system, self._own = system, own
        self._all: list[Spent] = []

    def take(self, work: Callable[[], object]) -> Spent:
        """Do the work of a turn."""
        self._all.append(spent_on(work, self._system, self._own))
        return self._all[-1]

    @property
    def rounds(self) -> Sequence[Spent]:
        """What the turns have taken, without the first one, which was the warm-up."""
        return self._all[1:]

    def __len__(self) -> int:
        """How many turns there were, with the warm-up."""
        return len(self._all)

    def us_each(self, part: Callable[[Spent], float], count: int) -> float:
        """The median of a part of what was spent, in microseconds for each of the `count` things of a turn."""
        return 1e6 * median(part(spent) for spent in self.rounds) / count
