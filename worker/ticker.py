"""The ticker: in every worker's main process, looks after the ledgers and rings the doorbells.

It wakes when the ledger says that something fell due, when the next slot is due, and at the latest every second. Each
tick reaps what outlived its lease and asks the ledger for permits; for each permit one sync task is enqueued. A lost
wake-up costs a second, a lost doorbell the life of its permit. Every worker ticks: none is needed by the others. Where
nothing waits and nobody has called, a tick is one cheap question (docs/decisions/0023).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import redis
from celery import Celery, bootsteps

from receipt_sync import keys
from settings import Settings
from worker.certificates import why
from worker.contract import DOORBELL_QUEUE, SYNC
from worker.deaths import died_unsent, poison
from worker.ledger import Ledger
from worker.ledger.keeping import EvictingRedisError
from worker.lifecycle import end_worker, hand_back_lost, holdings, say_pool_size, stopping
from worker.logs import events
from worker.logs.private import pseudonym
from worker.runtime import runtime

log = logging.getLogger(__name__)

TICK_S = 1.0
LOOK_EVERY_S = 30.0
# On a busy machine the sync's process is given a core later than this one (docs/decisions/0024).
HEAD_START_S = 0.1
_OWN_WORDS = ("BROKENKEY ", "VERSION ")  # of slot.lua

Doorbell = Callable[[str, str], None]


def doorbell(app: Celery) -> Doorbell:
    """Enqueues one sync task: `ring(application, permit)`. No retry: a doorbell that fails is rung anew."""

    def ring(application: str, permit: str) -> None:
        kwargs = {"application": application, "permit": permit}
        app.send_task(SYNC, kwargs=kwargs, queue=DOORBELL_QUEUE, retry=False, ignore_result=True)

    return ring


def ring_for(ledger: Ledger, ring: Doorbell, returned_permit: str = "") -> int | None:
    """Rings as often as the ledger permits; answers ms until something may be claimed, None when nothing waits."""
    rung = ledger.ring(returned_permit)
    if not rung.policy_known:
        ledger.publish_policy()
    for permit in rung.permits:
        ring(ledger.application, permit)
    return rung.next_ms


def tick(ledger: Ledger, ring: Doorbell) -> float:
    """One tick for one application; answers the seconds until the next one is worth it."""
    for reaped in ledger.reap():
        fate = "dead" if reaped.dead else "again"
        events.LEASE_RAN_OUT.say(
            log,
            application=ledger.application,
            slot=pseudonym(reaped.slot),
            crashes=reaped.crashes,
            outcome=fate,
        )
        if reaped.dead:
            died_unsent(ledger, reaped.slot, poison(reaped.crashes))
    next_ms = ring_for(ledger, ring)
    # Due already, and still here: syncs are at it, or their permits must run out first.
    return min(TICK_S, next_ms / 1000) if next_ms else TICK_S


class Ticker(threading.Thread):
    """The thread that ticks.

    Attributes:
        ticks: rounds so far, failed ones too; a thread that hangs makes none.

    Args:
        client: the ledger's Redis, for listening.
        ledgers: those to look after.
        ring: enqueues a doorbell.
        sync_stays: says whether a sync of this worker stays and listens, too (staying.py).
    """

    def __init__(
        self,
        client: redis.Redis,
        ledgers: Sequence[Ledger],
        ring: Doorbell,
        sync_stays: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(name="ticker", daemon=True)
        self._client = client
        self._ledgers = ledgers
        self._ring = ring
        self._sync_stays = sync_stays
        self._ended = threading.Event()
        self.ticks = 0
        self._failing: set[str] = set()
        self._published: set[str] = set()
        self._look_s: dict[str, float] = {}

    @property
    def failing(self) -> bool:
        """Whether the last tick of any application failed."""
        return bool(self._failing)

    def end(self) -> None:
        """Ends the thread within about a tick."""
        self._ended.set()

    def run(self) -> None:
        """Ticks until `end`; an outage of Redis or of the broker is waited out and said once."""
        # A worker that stops rings no more: nobody here would answer, and the permit would be lost for a while.
        while not self._ended.is_set() and not stopping():
            try:
                self._listen_and_tick()
            except Exception as error:  # noqa: BLE001 - brokers raise what they like, and nobody would start it again
                self._forget(*(ledger.application for ledger in self._ledgers))
                self._say_outage("all", error)
                self.ticks += 1
                self._ended.wait(TICK_S)
        if stopping():
            self._hand_back_lost()

    def _hand_back_lost(self) -> None:
        try:
            hand_back_lost({ledger.application: ledger for ledger in self._ledgers})
        except Exception as error:  # noqa: BLE001 - the leases heal what stays behind
            events.LEFT_TO_LEASES.say(log, error=type(error).__name__)

    def _listen_and_tick(self) -> None:
        with self._client.pubsub(ignore_subscribe_messages=True) as wakes:  # type: ignore[no-untyped-call]
            wakes.subscribe(*(keys.wake_channel(ledger.application) for ledger in self._ledgers))
            called = True
            while not self._ended.is_set() and not stopping():
                wait_s = min([self._tick(ledger, called=called) for ledger in self._ledgers])
                self._say_recovery("all")
                self.ticks += 1
                called = self._listen(wakes, wait_s)

    def _tick(self, ledger: Ledger, *, called: bool) -> float:
        """One application's failure must not stop the others. Unless it was called, it looks first."""
        try:
            looked = self._look(ledger)
            if ledger.application not in self._published:
                ledger.publish_policy()
                self._published.add(ledger.application)
            # Not before the policy says how long letters and tokens are kept.
            if looked:
                ledger.expire_letters()
                ledger.fade_tokens()
            wait_s = tick(ledger, self._ring) if called or not ledger.rests() else TICK_S
        except EvictingRedisError as error:
            events.REDIS_EVICTS.say(log, reason=str(error))
            end_worker(1)
            return TICK_S
        except Exception as error:  # noqa: BLE001 - see run
            self._forget(ledger.application)
            self._say_outage(ledger.application, error)
            return TICK_S
        self._say_recovery(ledger.application)
        return wait_s

    def _look(self, ledger: Ledger) -> bool:
        """Whether the Redis still keeps what it is given, now and then: a failover may go unnoticed. False: not now."""
        if time.monotonic() < self._look_s.get(ledger.application, 0):
            return False
        ledger.require_keeping()
        self._look_s[ledger.application] = time.monotonic() + LOOK_EVERY_S
        return True

    def _forget(self, *applications: str) -> None:
        # A Redis that comes back may have come back empty, or be another one with a configuration of its own.
        for application in applications:
            self._published.discard(application)
            self._look_s.pop(application, None)

    def _listen(self, wakes: redis.client.PubSub, wait_s: float) -> bool:
        """Waits for a wake-up, and takes all that have come, so that a burst of them is one tick; whether one came."""
        message = wakes.get_message(timeout=wait_s)
        if self._sync_stays():
            # It has heard the same and claims right now: a doorbell would be rung in vain.
            self._ended.wait(HEAD_START_S)
            message = message or wakes.get_message(timeout=0)
        called = message is not None
        while message is not None:
            message = wakes.get_message(timeout=0)
        return called

    def _say_outage(self, application: str, error: BaseException) -> None:
        if application not in self._failing:
            events.TICK_FAILED.say(log, application=application, error=_words(error))
        self._failing.add(application)

    def _say_recovery(self, application: str) -> None:
        if application in self._failing:
            events.TICKS_AGAIN.say(log, application=application)
        self._failing.discard(application)


def _words(error: BaseException) -> str:
    """An error's kind, for the words of some hold addresses and passwords; and our own scripts' words."""
    own = isinstance(error, redis.ResponseError) and str(error).startswith(_OWN_WORDS)
    return str(error) if own else why(error)


def ticker_step(settings: Settings) -> type[bootsteps.StartStopStep]:
    """The bootstep that gives a worker its ticker."""

    class TickerStep(bootsteps.StartStopStep):
        """Starts the ticker after the pool has forked: threads do not survive a fork."""

        requires = ("celery.worker.components:Pool",)

        def start(self, worker: Any) -> None:
            say_pool_size(worker.concurrency)
            held = runtime(settings)
            ledgers = [way.ledger for way in held.ways.values()]
            # The watchdog's to see.
            worker.ticker = self.ticker = Ticker(held.redis, ledgers, doorbell(worker.app), holdings.is_seat_taken)
            self.ticker.start()

        def stop(self, worker: Any) -> None:  # noqa: ARG002 - celery's signature
            self.ticker.end()
            self.ticker.join(2 * TICK_S)

        terminate = stop

    return TickerStep
