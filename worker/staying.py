"""Staying: a sync that has nothing left to send waits for more while its time lasts, and hears the wake-ups itself.

What is recorded meanwhile needs no doorbell: the script that makes it due wakes the sync, which claims at once
(docs/decisions/0024). One sync of a worker stays, so that the other processes of its pool are free for receipts that
come by the broker. A wake-up that is lost costs it a second, as it costs the ticker.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import redis

from receipt_sync import keys

# It claims at least so often: a lost wake-up heals, and its permit lasts.
AGAIN_S = 1.0

# So soon it sees that its worker wants to stop.
_SLICE_S = 0.25

# While it is busy nobody reads its wake-ups, of which thousands a second may come: they are not kept for longer.
_UNREAD_S = 0.25


class Stay:
    """A sync's stay in its process.

    Args:
        client: the ledger's Redis, for listening.
        application: whose wake-ups.
        take_seat: answers whether this process may be the one of its worker in which a sync stays.
        leave_seat: gives that back.
        stopping: says whether the worker wants to stop.
    """

    def __init__(
        self,
        client: redis.Redis,
        application: str,
        take_seat: Callable[[], bool],
        leave_seat: Callable[[], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._client = client
        self._channel = keys.wake_channel(application)
        self._take_seat = take_seat
        self._leave_seat = leave_seat
        self._stopping = stopping
        self._seated = False
        self._wakes: Any = None
        self._listened_s = 0.0

    def begin(self) -> bool:
        """Whether this sync may stay, or stays already."""
        self._seated = self._seated or self._take_seat()
        return self._seated

    def listen(self, most_s: float | None) -> None:
        """Waits until it is worth claiming: a wake-up, or `most_s` are over, or the worker wants to stop.

        The first time at once: Redis' word that it hears us counts as one, for what was recorded before was not heard.

        Raises:
            redis.RedisError: the ledger is lost.
        """
        if self._wakes is None:
            self._wakes = self._client.pubsub()  # type: ignore[no-untyped-call]
            self._wakes.subscribe(self._channel)
        until_s = time.monotonic() + min(AGAIN_S, AGAIN_S if most_s is None else most_s)
        while not self._stopping() and not self._hears(until_s - time.monotonic()) and time.monotonic() < until_s:
            pass
        self._listened_s = time.monotonic()

    def _hears(self, left_s: float) -> bool:
        """Takes all that have come, so that a burst of them is one claim."""
        message = self._wakes.get_message(timeout=min(_SLICE_S, max(0.0, left_s)))
        heard = message is not None
        while message is not None:
            message = self._wakes.get_message(timeout=0)
        return heard

    def is_busy(self) -> None:
        """To be called while there is something to do: it is deaf before long."""
        if self._wakes is not None and time.monotonic() - self._listened_s > _UNREAD_S:
            self._turn_deaf()

    def end(self) -> None:
        """The sync ends, or has lost the ledger."""
        self._turn_deaf()
        if self._seated:
            self._leave_seat()
            self._seated = False

    def _turn_deaf(self) -> None:
        wakes, self._wakes = self._wakes, None
        if wakes is not None:
            with suppress(redis.RedisError):  # the connection is given up in any case
                wakes.close()
