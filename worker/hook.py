"""The hook: hands what the ledger tells of receipts, covered or dead, to a Celery task of the application's own.

Every worker reads, in one consumer group: whoever takes a notice hands it on, and acknowledges it when the broker has
it. A worker that dies in between leaves it to another, so a notice comes at least once, and may come twice.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import redis
from celery import Celery, bootsteps

from settings import Settings
from worker.ledger.notices import Notices
from worker.lifecycle import stopping
from worker.logs import events
from worker.runtime import runtime

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100
_POLL_S = 0.25
_TRIM_EVERY_S = 30.0
_AFTER_FAILURE_S = 1.0

HandOver = Callable[[Sequence[dict[str, Any]]], None]


def hand_over(app: Celery, task: str, queue: str) -> HandOver:
    """Enqueues one call of the application's task, with the argument `notices`."""

    def hand(notices: Sequence[dict[str, Any]]) -> None:
        app.send_task(
            task,
            kwargs={"notices": list(notices)},
            queue=queue,
            retry=False,
            ignore_result=True,
            # Flower would show them to everybody who may look at it.
            kwargsrepr=f"{{'notices': {len(notices)} of them}}",
        )

    return hand


def hand_on(notices: Notices, hand: HandOver) -> int:
    """Hands on what is there, at most `MOST_AT_ONCE`; answers how many."""
    taken = notices.take(MOST_AT_ONCE)
    if taken:
        hand([notice for _, notice in taken])
        notices.acknowledge([id_ for id_, _ in taken])
    return len(taken)


class Hook(threading.Thread):
    """The thread that hands on; without a task it only removes what every reader of the stream has acknowledged.

    Args:
        notices: those of each application.
        hand: gives them to the task; None where there is none.
    """

    def __init__(self, notices: Sequence[Notices], hand: HandOver | None) -> None:
        super().__init__(name="hook", daemon=True)
        self._notices = notices
        self._hand = hand
        self._ended = threading.Event()
        self._failing: set[str] = set()
        self._trim_s: dict[str, float] = {}

    def end(self) -> None:
        """Ends the thread within about a poll."""
        self._ended.set()

    def run(self) -> None:
        """Works until `end`; an outage of Redis or of the broker is waited out and said once."""
        while not self._ended.is_set() and not stopping():
            wait_s = min(self._work(each) for each in self._notices)
            self._ended.wait(wait_s)
        for each in self._notices if self._hand else ():
            # Every worker that was ever started would stand in the group for ever.
            with suppress(redis.RedisError):
                each.leave()

    def _work(self, notices: Notices) -> float:
        """One application's turn; answers the seconds until the next."""
        try:
            handed = hand_on(notices, self._hand) if self._hand else 0
            self._trim_now_and_then(notices)
        except Exception as error:  # noqa: BLE001 - brokers raise what they like, and nobody would start it again
            return self._after(notices, error)
        if notices.application in self._failing:
            self._failing.discard(notices.application)
            events.HOOK_AGAIN.say(log, application=notices.application)
        if not self._hand:
            return _TRIM_EVERY_S
        return 0 if handed == MOST_AT_ONCE else _POLL_S

    def _after(self, notices: Notices, error: Exception) -> float:
        if isinstance(error, redis.ResponseError) and str(error).startswith("NOGROUP") and self._hand:
            try:
                notices.make_group()
            except redis.RedisError as another:
                error = another
            else:
                return 0
        if notices.application not in self._failing:
            self._failing.add(notices.application)
            kind = type(error).__name__
            events.HOOK_WAITS.say(log, application=notices.application, error=kind)
        return _AFTER_FAILURE_S

    def _trim_now_and_then(self, notices: Notices) -> None:
        if time.monotonic() >= self._trim_s.get(notices.application, 0):
            notices.trim()
            self._trim_s[notices.application] = time.monotonic() + _TRIM_EVERY_S


def hook_step(settings: Settings) -> type[bootsteps.StartStopStep]:
    """The bootstep that gives a worker its hook; nothing of it runs where nobody asked to be told."""

    class HookStep(bootsteps.StartStopStep):
        """Starts the hook after the pool has forked: threads do not survive a fork."""

        requires = ("celery.worker.components:Pool",)

        def include_if(self, worker: Any) -> bool:  # noqa: ARG002 - celery's signature
            return settings.tells

        def start(self, worker: Any) -> None:
            held = runtime(settings)
            reader = f"{socket.gethostname()}:{worker.hostname}"
            notices = [Notices(held.redis, name, reader) for name in held.ways]
            task = settings.hook_task
            self.hook = Hook(notices, hand_over(worker.app, task, settings.hook_queue) if task else None)
            self.hook.start()

        def stop(self, worker: Any) -> None:  # noqa: ARG002 - celery's signature
            self.hook.end()
            self.hook.join(2 * _POLL_S)

        terminate = stop

    return HookStep
