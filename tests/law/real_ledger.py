"""The real ledger in virtual time: the scripts as they are, on a real server, under the clock of a story."""

from __future__ import annotations

import math
from typing import Any

from receipt_sync import MarkRead, ReceiptQueue, keys
from tests.law.law import START_MS, Sight
from tests.law.ledger import LEASE_MS, Slot, retry_delay_ms
from tests.simulation.store import Store
from worker.ledger import Again, Done, Ledger, Outcome, Part, RingSize, Settled

APPLICATION = "story"
_RECORDED_TOGETHER = 500  # one call; more would need a pipeline
_POLICY = {"gather_min_ms": "0", "gather_max_ms": "0", "lands_ms": "0", "retry_share": "0.2", "breaker_calls_min": "20"}


class RealLedger:
    """As tests/law/ledger.py, which is checked against it.

    Args:
        store: the server; emptied.
        rate_per_s: the configured rate, 0 for none.
    """

    def __init__(self, store: Store, rate_per_s: float) -> None:
        self.claimed_ms: list[int] = []
        self._store, self._rate_per_s, self._recorded = store, rate_per_s, 0
        store.empty()
        store.hset(f"{keys.prefix(APPLICATION)}:policy", _POLICY | {"rate_per_s": str(rate_per_s)})
        client: Any = store  # as much of a client as both need
        self._queue = ReceiptQueue(client=client, application=APPLICATION)
        size = RingSize(syncs_max=64, permit_ms=60_000, side_by_side=16)
        self._events: list[str] = []
        self._ledger = Ledger(
            client,
            APPLICATION,
            policy={},
            lease_ms=LEASE_MS,
            size=size,
            tell=lambda _, event: self._events.append(event),
        )
        self._generations: dict[int, int] = {}

    @property
    def waiting(self) -> int:
        """Slots with something pending."""
        return int(self._store.client.zcard(f"{keys.prefix(APPLICATION)}:due"))

    def record(self, now: int, count: int = 1) -> None:
        """So many new slots, due at once; their names sort as their numbers do."""
        self._store.now_ms = START_MS + now
        numbers = range(self._recorded, self._recorded + count)
        self._recorded += count
        for start in range(0, count, _RECORDED_TOGETHER):
            some = numbers[start : start + _RECORDED_TOGETHER]
            self._queue.record_many([MarkRead(dialog_id=f"{number:024x}", user_id=1) for number in some])

    def claim(self, now: int, wanted: int) -> list[Slot]:
        """The longest due, at most what the pace allows."""
        self._store.now_ms = START_MS + now
        slots = []
        for claim in self._ledger.claim(wanted).claims:
            number = int(claim.dialog_id, 16)
            self._generations[number] = claim.generation
            slots.append(Slot(0, number, claim.recorded_ms - START_MS, claim.attempts))
        self.claimed_ms += [now] * len(slots)
        return slots

    def claimable_in_ms(self, now: int) -> int | None:
        """How long until something may be claimed; None when nothing waits."""
        self._store.now_ms = START_MS + now
        return self._ledger.claim(0).wait_ms

    def settle(self, now: int, slot: Slot, verdict: str, _claimed_ms: int, random01: float) -> str | None:
        """The end of a claim; answers the breaker's event, if there is one."""
        self._store.now_ms = START_MS + now
        outcomes: dict[str, Outcome] = {
            "sent": Done(Part("r")),
            "throttled": Again("throttled", "throttled"),
            "unavailable": Again(
                "status 503", "unavailable", delay_ms=retry_delay_ms(slot.attempts, random01), costs_attempt=True
            ),
        }
        name = keys.mark_slot(f"{slot.number:024x}", "u1")
        settled = self._ledger.settle([(name, self._generations.pop(slot.number), outcomes[verdict])])
        assert settled == [Settled.ENDED]
        return self._events.pop() if self._events else None

    def look(self, _now: int) -> Sight:
        """How things stand: of it the limit and the breaker."""
        state = self._store.client.hmget(f"{keys.prefix(APPLICATION)}:pace", "limit", "open")
        limit = float(state[0]) if state[0] else self._rate_per_s or math.inf
        return Sight(0, limit, 0.0, 0, state[1] is not None)
