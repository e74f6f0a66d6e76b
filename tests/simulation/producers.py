"""Producers: each records a few times, through the product's own queue, and goes."""

from __future__ import annotations

import redis

from receipt_sync import Receipt, ReceiptQueue
from tests.simulation.actors import Call, Rest, Steps
from tests.simulation.chronicle import Chronicle
from tests.simulation.decisions import Decisions
from tests.simulation.receipts import LOGIN, Reports
from tests.simulation.store import Store
from tests.simulation.watched import APPLICATION, Faults
from tests.simulation.weather import Weather

_LOOKS_AGAIN_MS = 100


class Producers:
    """Those of one schedule.

    Attributes:
        working: how many have not gone yet.
    """

    def __init__(self, store: Store, draw: Decisions, chronicle: Chronicle, weather: Weather, planned: Faults) -> None:
        self.working = 0
        self._draw, self._chronicle, self._weather, self._planned = draw, chronicle, weather, planned
        self._queue = ReceiptQueue(client=store, application=APPLICATION)  # type: ignore[arg-type]  # enough of a client
        self._reports = Reports(draw)

    def one(self) -> Steps:
        """One more of them."""
        self.working += 1
        return self._record_some()

    def log_in(self) -> Steps:
        """The user has a new session, and reports with it: the last word, for others may have been held up."""
        while self.working:
            yield Rest(_LOOKS_AGAIN_MS)
        yield Call("record", lambda: self._record((LOGIN,)))

    def _record_some(self) -> Steps:
        """Records now and then; one in five a drummer, who hits the same slot at short intervals."""
        draw, reports = self._draw, self._reports
        try:
            drums = draw.once_in(5)
            again = (reports.one(),) if drums else ()
            for _ in range(10 if drums else 1 + draw.below(3)):
                yield Rest(100 if drums else draw.one_of((1, 20, 100, 250, 500)))
                if self._weather.quiet:
                    return
                receipts = again or reports.some()
                try:
                    yield Call("record", lambda receipts=receipts: self._record(receipts))  # type: ignore[misc]
                except redis.ConnectionError:
                    continue
        finally:
            self.working -= 1

    def _record(self, receipts: tuple[Receipt, ...]) -> None:
        self._planned.before()
        self._queue.record_many(receipts)
        self._chronicle.recorded(receipts)
        self._planned.done()
