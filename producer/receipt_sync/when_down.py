"""What becomes of receipts while Redis is down: raise (the default), hand over to the broker, or keep for a while.

A receipt that was recorded twice does no harm, and marks have no order; edits keep theirs by their revision, which is
set when they are reported. So whatever waits here may be recorded late, twice, and in any order.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Protocol

from redis import exceptions

from receipt_sync import calls
from receipt_sync.receipts import EditMessage, MarkRead, Receipt

log = logging.getLogger(__name__)

RECEIPTS_QUEUE = "receipts"
Said = exceptions.RedisError | None
# Not reached, starting, without a master, read-only or full: all of it passes. A wrong password does not.
_DOWN = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.OutOfMemoryError,
    exceptions.ClusterDownError,
    exceptions.MasterDownError,
    exceptions.TryAgainError,
)
_WRONG = (exceptions.AuthenticationError, exceptions.AuthorizationError)


def is_down(error: BaseException) -> bool:
    """Whether a Redis error will pass by itself."""
    return isinstance(error, _DOWN) and not isinstance(error, _WRONG)


class WhenDown(Protocol):
    """What a queue does with receipts that Redis did not take."""

    def keep(self, application: str, receipts: Sequence[Receipt]) -> bool:
        """Takes them; False where it cannot, and the queue raises what Redis said."""


class ToBroker:
    """Hands them to the broker, by the tasks of the second door (docs/contract.md): as safe as the broker.

    Of use where the broker is another server than the ledger. A session token travels as it is.

    Args:
        app: a Celery application whose broker is the workers'; `receipt-sync[celery]` brings Celery.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    def keep(self, application: str, receipts: Sequence[Receipt]) -> bool:
        """One task for each."""
        try:
            for receipt in receipts:
                name, arguments = call_of(receipt)
                self._app.send_task(
                    name,
                    kwargs={**arguments, "application": application},
                    queue=RECEIPTS_QUEUE,
                    serializer="json",
                    retry=False,
                    ignore_result=True,
                    argsrepr="()",
                    kwargsrepr="{}",
                )
        except Exception as error:  # noqa: BLE001 - brokers raise what they like; Redis' own error is raised instead
            # Its kind alone: words of some name addresses with passwords.
            log.warning("the broker was not reached either: %s", type(error).__name__)
            return False
        return True


class LocalBuffer:
    """Keeps them in this process's memory, at most so many, until Redis is back. A process that ends takes them along.

    The queue that has it records them when Redis is back (`flush` looks at once). One buffer belongs to one queue. A
    child that is forked begins with an empty one: its parent has them.

    Args:
        most: receipts; of more the queue raises.
        retry_s: how long Redis is left alone after it was not reached; calls meanwhile do not wait for it.

    Attributes:
        flushing: held by whoever records what waits: two at once would take away twice as many as they have recorded.
    """

    def __init__(self, most: int = 10_000, retry_s: float = 1.0) -> None:
        if most < 1 or not retry_s > 0:
            raise ValueError("LocalBuffer: expected most of at least 1 and retry_s above 0")
        self._most, self.retry_s = most, retry_s
        self._kept: deque[Receipt] = deque()
        self._lock = threading.Lock()
        self._tried_s = 0.0
        self._said = ""
        self.flushing = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def rests(self) -> bool:
        """Whether Redis was not reached a moment ago."""
        return bool(self._kept) and time.monotonic() < self._tried_s + self.retry_s

    def keep(self, application: str, receipts: Sequence[Receipt]) -> bool:  # noqa: ARG002 - the queue's own
        """Takes all of them, or none."""
        with self._lock:
            if len(self._kept) + len(receipts) > self._most:
                return False
            self._kept.extend(receipts)
        return True

    def failed(self) -> None:
        """Redis was not reached just now."""
        self._tried_s = time.monotonic()

    def next(self, most: int) -> list[Receipt]:
        """The oldest, which stay until they are `done`."""
        with self._lock:
            return [self._kept[at] for at in range(min(most, len(self._kept)))]

    def done(self, count: int) -> None:
        """So many of the oldest have been recorded."""
        with self._lock:
            for _ in range(min(count, len(self._kept))):
                self._kept.popleft()

    def put_off(self) -> None:
        """The oldest is refused: the others go first."""
        with self._lock:
            self._kept.rotate(-1)

    def in_turn(self, most: int) -> Generator[list[Receipt], Said, Said]:
        """What to record next, at most so many at once; `send` it what Redis said, None for a yes.

        Each is tried once. Of a call that is refused each goes alone, so that one whose slot is damaged stops no other.

        Returns:
            What the last one that was refused was refused with; those stay. None: all recorded, or Redis is down.
        """
        left, alone, refused = len(self), 0, None
        while left > 0 and (waiting := self.next(1 if alone else min(most, left))):
            said = yield waiting
            if said is not None and is_down(said):
                self.failed()
                return refused
            if said is not None and len(waiting) > 1:
                alone = len(waiting)
                continue
            if said is None:
                self.done(len(waiting))
            else:
                self.put_off()
                refused = said
            left, alone = left - len(waiting), max(0, alone - 1)
        return refused

    def say_refused(self, error: exceptions.RedisError) -> None:
        """Logs, once for the same words, that Redis is there and refuses what waits."""
        if str(error) != self._said:
            self._said = str(error)
            log.error("Redis refuses receipts that were kept, they wait on: %s", error)

    def forget(self) -> None:
        """Empties it, in a child of a fork; the lock may have been held by a thread that is not here."""
        self._lock, self.flushing = threading.Lock(), threading.Lock()
        self._kept = deque()


def call_of(receipt: Receipt) -> tuple[str, Mapping[str, Any]]:
    """The task that records a receipt, and its arguments."""
    arguments: dict[str, Any] = {"dialog_id": receipt.dialog_id, "user_id": receipt.user_id, "token": receipt.token}
    if isinstance(receipt, EditMessage):
        arguments |= {"message_id": receipt.message_id, "text": receipt.text, "revision": receipt.revision}
        return calls.EDIT, _given(arguments)
    arguments |= {"message_ids": list(receipt.message_ids) if receipt.message_ids else None, "up_to": receipt.up_to}
    return calls.READ if isinstance(receipt, MarkRead) else calls.DELIVERED, _given(arguments)


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}
