"""What became of the receipts of a run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from traffic.evidence import Accepted, Recorded


@dataclass(frozen=True, slots=True)
class Wait:
    """A receipt that a PUT has covered, and how long it took from the recording to the PUT's arrival."""

    receipt: Recorded
    wait_s: float


@dataclass(slots=True)
class Fates:
    """Every receipt stands in exactly one of the first three.

    Attributes:
        waits: Covered by a PUT.
        absorbed: Needed no PUT.
        uncovered: Needed one, and none came.
        needless: PUTs that covered nothing.
        backwards: PUTs of an edit older than one that was accepted before.
    """

    waits: list[Wait] = field(default_factory=list)
    absorbed: list[Recorded] = field(default_factory=list)
    uncovered: list[Recorded] = field(default_factory=list)
    needless: list[Accepted] = field(default_factory=list)
    backwards: list[Accepted] = field(default_factory=list)

    @property
    def waits_s(self) -> list[float]:
        """The waits of the covered receipts in seconds, shortest first."""
        return sorted(wait.wait_s for wait in self.waits)

    def cover(self, receipts: Sequence[Recorded], put: Accepted) -> None:
        """Note what one PUT covered."""
        self.waits += [Wait(receipt, put.arrived_s - receipt.recorded_s) for receipt in receipts]
        if not receipts:
            self.needless.append(put)


def quantile(ascending: Sequence[float], share: float) -> float:
    """The least value that so large a share of all does not exceed (nearest rank).

    Args:
        ascending: The values, sorted.
        share: Above 0, at most 1; 0.99 for p99.

    Raises:
        ValueError: There are no values, or the share is none.
    """
    if not ascending or not 0 < share <= 1:
        raise ValueError(f"expected values and a share above 0, at most 1, got {len(ascending)} values and {share!r}")
    return ascending[ceil(share * len(ascending)) - 1]
