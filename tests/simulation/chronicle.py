"""The chronicle: writes down what happens, as events, counts and a story; the model lives through it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from receipt_sync import Receipt
from tests.simulation import history as told
from tests.simulation.actors import Worker
from tests.simulation.beside import Beside, BrokenPromiseError
from tests.simulation.setup import START_MS, Setup
from tests.simulation.store import Breaker
from worker.ledger import Claimed, Outcome, Reaped


class Chronicle:
    """One schedule's; the watcher of every ledger.

    Attributes:
        now_ms: the true (virtual) time.
        at_work: the worker whose turn it is.
        events: the history so far.
        faults: how often which one happened.
        story: a line for everything that happens; None keeps none.
    """

    def __init__(self, setup: Setup, *, tell: bool) -> None:
        self.now_ms = START_MS
        self.at_work: Worker | None = None
        self.events: list[told.Event] = []
        self.faults: Counter[str] = Counter()
        self.story: list[str] | None = [f"setup {setup}"] if tell else None
        self.beside = Beside(setup)
        self._granted: dict[tuple[Worker | None, str, int], int] = {}

    def tell(self, line: str) -> None:
        """Something happened that is no event."""
        if self.story is not None:
            self.story.append(f"{(self.now_ms - START_MS) / 1000:7.3f}  {line}")

    def went_wrong(self, kind: str, who: str = "       ") -> None:
        """A fault happened, to someone or to nobody in particular."""
        self.faults[kind] += 1
        self.tell(f"{who}  {kind}")

    # what the ledger did ---------------------------------------------------------------------------------------------

    def recorded(self, receipts: tuple[Receipt, ...]) -> None:
        """Receipts were recorded."""
        self.beside.record(receipts, self.now_ms)
        self.events.append(told.Recorded(self.now_ms, receipts))
        self.tell(f"recorded {receipts}")

    def claimed(self, claimed: Claimed, breaker: Breaker | None, failing_since: Callable[[str], int | None]) -> None:
        """Claims were granted; other slots were due and had no token."""
        if breaker and len(claimed.claims) > (self.now_ms >= breaker.till_ms):
            raise BrokenPromiseError("breaker", f"{len(claimed.claims)} claims in spite of {breaker}")
        for stopped in claimed.stopped:
            self.tell(f"stopped {stopped}")
            self.events.append(told.Stopped(self.now_ms, stopped.slot, self.beside.stop(stopped, self.now_ms)))
        for claim in claimed.claims:
            self._granted[self.at_work, claim.slot, claim.generation] = len(self.events)
            self.events.append(told.Claimed(self.now_ms, claim))
            self.tell(f"claimed {claim}")
            since_ms = failing_since(claim.slot) if self.beside.is_failing(claim.slot) else None
            self.beside.claim(claim, self.now_ms, since_ms)

    def granted_ms(self, worker: Worker, claim: told.AnyClaim) -> int:
        """When this worker was granted this claim."""
        return self.events[self._granted[worker, claim.slot, claim.generation]].at_ms

    def settled(
        self, settlements: Sequence[tuple[str, int, Outcome]], accepted: Sequence[bool], breaker: Breaker | None
    ) -> None:
        """Claims were ended."""
        for (slot, generation, outcome), taken in zip(settlements, accepted, strict=True):
            self.tell(f"settled {slot} {generation} {outcome}: {'accepted' if taken else 'stale'}")
            of_claim = self._granted[self.at_work, slot, generation]
            outage = breaker if breaker and breaker.why == "outage" else None
            of_outage = outage is not None and self.events[of_claim].at_ms <= outage.opened_ms
            dead = self.beside.settle(slot, generation, outcome, self.now_ms, accepted=taken, of_outage=of_outage)
            self.events.append(told.Settled(self.now_ms, slot, of_claim, outcome, taken, dead))
        self.beside.model.end_settles()

    def reaped(self, reaped: Sequence[Reaped]) -> None:
        """Leases ran out."""
        for each in reaped:
            self.tell(f"reaped {each}")
            self.events.append(told.Reaped(self.now_ms, each.slot, self.beside.reap(each, self.now_ms)))
