"""ShadowQueue: notes what would be recorded, and records nothing.

For the day before: a web app that still sends its own PUTs calls a `ShadowQueue` beside them, and `python -m worker
shadow` says how many of them would have been saved. What is noted: kind, slot, and the messages named; no text, no
token. The notes are a stream in Redis, of bounded length, and gone a day after the last one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from receipt_sync.queue import ReceiptQueue
from receipt_sync.receipts import MarkDelivered, MarkRead, Receipt

# About a hundred bytes each: as many as two hours of fourteen a second.
NOTES_KEPT = 100_000
KEPT_MS = 86_400_000


class ShadowQueue(ReceiptQueue):
    """Takes what `ReceiptQueue` takes, checks it alike, and only notes it; nothing is sent for it.

    Raises what `ReceiptQueue` raises.
    """

    def record_many(self, receipts: Iterable[Receipt], *, trace: str | None = None) -> None:  # noqa: ARG002 - no PUT
        """Notes any number of receipts in one round trip."""
        self._note(self._core.wire(receipts))

    def _record(self, mark: MarkRead | MarkDelivered, trace: str | None) -> None:  # noqa: ARG002 - no PUT follows
        self._note([mark.wire()])

    def _note(self, wired: list[tuple[str, ...]]) -> None:
        key = f"{self._prefix}:shadow"
        pipeline: Any = self._redis.pipeline(transaction=False)
        for kind, slot, _, name, ids, _ in wired:
            # What stands in the place of an edit's ids is its text.
            named = {} if kind == "e" else {"name": name, "ids": ids}
            pipeline.xadd(key, {"kind": kind, "slot": slot, **named}, maxlen=NOTES_KEPT, approximate=True)
        pipeline.pexpire(key, KEPT_MS)
        pipeline.execute()
