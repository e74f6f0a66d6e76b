"""What the command line can say to the figures."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """Of all figures; each looks at its own.

    Attributes:
        trace: The recorded trace; None for the project's own generator.
        speed: How much faster than recorded it is played; None for the figure's own.
        seconds: Where it is cut, in seconds of its own time; None plays all of it. `cpu`: how long a turn lasts.
        names: Whether marks name their messages (`up_to`).
        workers: How many workers there are.
        rate_per_s: The cap, in calls a second.
        receipts: How many burst, drain and door handle in a turn of our side; None for the figure's own.
        slots: How many slots there are at most; None for the figure's own.
        shipped_redis: Measure the Redis that is shipped also where the machine has one of its own.
    """

    trace: Path | None = None
    speed: float | None = None
    seconds: float | None = None
    names: bool = True
    workers: int = 1
    rate_per_s: float = 80.0
    receipts: int | None = None
    slots: int | None = None
    shipped_redis: bool = False
