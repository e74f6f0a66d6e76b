"""The real ledger of one application, so that histories can be played on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import redis

from receipt_sync import Receipt, ReceiptQueue, keys
from receipt_sync.validation import MAX_TEXT_BYTES
from tests.histories import AnyClaim
from tests.slot_state import LedgerState, read_state
from worker.ledger import Ledger, Outcome, RingSize, Stopped
from worker.ledger.letterbox import Letterbox

APPLICATION = "app-1"
PREFIX = keys.prefix(APPLICATION)
LEASE_MS = 60_000
# No pace and no gathering: everything is due at once, and only membership hangs on time.
POLICY = {
    "gather_min_ms": "0",
    "gather_max_ms": "0",
    "remember_ms": "86400000",
    "give_up_ms": "86400000",
    "token_life_ms": "7200000",
    "token_wait_ms": "86400000",
    "lands_ms": "0",
    "crashes_max": "2",
    "dead_keep_ms": "86400000",
    "dead_keep_max": "100000",
    "rate_per_s": "0",
    "retry_share": "1000",
    "breaker_calls_min": "1000000",
    "notices_max": "1000000",
}


class RealLedger:
    """Redis, a producer's queue and a worker's ledger; `policy` overrides fields of `POLICY`.

    `seals`, two `TokenSeal`s, and `clients`, two of redis-py's, are the producer's and the worker's.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        # Any: mypy takes what stands in `**policy` for theirs.
        seals: Any = (None, None),
        clients: Any = None,
        **policy: Any,
    ) -> None:
        self.redis: Any = client  # redis-py's annotations know neither whether it is async nor what it answers
        producer, worker = clients or (client, client)
        self.queue = ReceiptQueue(client=producer, application=APPLICATION, seal=seals[0])
        size = RingSize(syncs_max=3, permit_ms=60_000, side_by_side=2)
        self.ledger = Ledger(worker, APPLICATION, policy=POLICY | policy, lease_ms=LEASE_MS, size=size, seal=seals[1])
        self.ledger.publish_policy()
        self.stopped: list[Stopped] = []
        self.letterbox = Letterbox(client, APPLICATION, MAX_TEXT_BYTES)
        self.generations: dict[str, list[int]] = {}  # they hold times; here they are counted from 1

    def record(self, receipts: Sequence[Receipt]) -> None:
        self.queue.record_many(receipts)

    def claim(self, most: int = 100) -> list[AnyClaim]:
        claims: list[AnyClaim] = []
        looking = True
        while looking:  # what is stopped takes the place of a claim
            claimed = self.ledger.claim(most - len(claims))
            claims += claimed.claims
            self.stopped += claimed.stopped
            looking = bool(claimed.stopped) and len(claims) < most
        for claim in claims:
            self.generations.setdefault(claim.slot, []).append(claim.generation)
        return claims

    def nth(self, slot: str, generation: int) -> int:
        """A generation as the model counts it: 1 is the slot's first."""
        return self.generations[slot].index(generation) + 1

    def settle(self, slot: str, generation: int, outcome: Outcome) -> bool:
        (settled,) = self.ledger.settle([(slot, generation, outcome)])
        return bool(settled)

    def reap(self) -> Mapping[str, tuple[int, bool]]:
        """Lets every lease run out, and takes back what they held."""
        self._set_scores("leases")
        return {reaped.slot: (reaped.crashes, reaped.dead) for reaped in self.ledger.reap()}

    def come_due(self) -> None:
        """Lets time pass until everything that waits is due."""
        self._set_scores("due")

    def forget_pace(self) -> None:
        """As if nothing had ever been called."""
        self.redis.delete(f"{PREFIX}:pace", f"{PREFIX}:window")

    def state(self, slots: Iterable[str]) -> LedgerState:
        return read_state(self.redis, APPLICATION, slots, self.nth)

    def now_ms(self) -> int:
        """Redis' clock."""
        seconds, microseconds = self.redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    def due_ms(self, slot: str) -> int:
        """When a slot is due."""
        score = self.redis.zscore(f"{PREFIX}:due", slot)
        assert score is not None, f"{slot} is not due at all"
        return int(score)

    def fields(self, slot: str) -> dict[str, str]:
        """A slot's fields as they lie in Redis."""
        return {name.decode(): value.decode() for name, value in self.redis.hgetall(f"{PREFIX}:{slot}").items()}

    def letters(self) -> list[dict[str, str]]:
        """The dead letters, oldest first."""
        return [
            {name.decode(): value.decode() for name, value in fields.items()}
            for _, fields in self.redis.xrange(f"{PREFIX}:dead")
        ]

    def broken(self) -> dict[str, str]:
        """Slots set aside, and why."""
        return {slot.decode(): why.decode() for slot, why in self.redis.hgetall(f"{PREFIX}:broken").items()}

    def _set_scores(self, key: str) -> None:
        members = self.redis.zrange(f"{PREFIX}:{key}", 0, -1)
        if members:
            self.redis.zadd(f"{PREFIX}:{key}", dict.fromkeys(members, 0))
