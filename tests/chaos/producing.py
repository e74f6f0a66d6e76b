"""A producer: a process of its own that records receipts at its rate and keeps its journal.

    python -m tests.chaos.producing <its orders, as JSON>

It ends by itself after its last receipt has been acknowledged; on SIGTERM, after its present batch has.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random
from types import FrameType

from tests.chaos.doors import DOORS, NotRecordedError
from tests.chaos.journal import Journal
from tests.chaos.town import Town
from traffic.evidence import Recorded

_BETWEEN_TRIES_S = 0.1


@dataclass(frozen=True)
class Orders:
    """What a producer is told.

    Attributes:
        number: which of several it is.
        seed: of its receipts.
        town: where they come from.
        receipts: how many it records.
        per_s: how fast.
        batch: how many go into one call.
        door: a name of doors.DOORS.
        url: the Redis behind that door.
        journal: path of its journal.
    """

    number: int
    seed: int
    town: Town
    receipts: int
    per_s: float
    batch: int
    door: str
    url: str
    journal: str

    def command(self) -> list[str]:
        """What starts it."""
        return [sys.executable, "-m", "tests.chaos.producing", json.dumps(asdict(self))]


class _Ending:
    """Whether somebody has asked for the end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def main(orders: Orders) -> None:
    """Records everything."""
    ending = _Ending()
    drawn = orders.town.drawn(Random(f"{orders.seed}/{orders.number}"), orders.number)
    record = DOORS[orders.door](orders.url)
    began_s, done = time.monotonic(), 0
    with Journal(Path(orders.journal)) as journal:
        while done < orders.receipts and not ending.asked:
            batch = list(islice(drawn, min(orders.batch, orders.receipts - done)))
            _until_acknowledged(record, journal, batch)
            done += len(batch)
            time.sleep(max(0.0, began_s + done / orders.per_s - time.monotonic()))  # keeps to its rate


def _until_acknowledged(
    record: Callable[[Sequence[Recorded]], None], journal: Journal, batch: Sequence[Recorded]
) -> None:
    while True:
        attempt = journal.about_to(batch, time.time())
        try:
            record(batch)
        except NotRecordedError:
            time.sleep(_BETWEEN_TRIES_S)  # Redis is down: nobody tells when it is back
        else:
            return journal.acknowledged(attempt, time.time())


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    main(Orders(**told | {"town": Town(**told["town"])}))
