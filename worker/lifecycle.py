"""The worker's end: what the main process says to its pool's processes, in memory that is shared by fork.

A prefork child hears nothing of its parent's shutdown. Told to stop, a running sync claims no more, lets what is in
flight finish until `RECEIPTS_SHUTDOWN_S` have passed since the signal, then ends the requests that are still under
way, settles them as unanswered, and ends. So every slot is back in its time, whatever the API does. What a process
that was killed had in flight, the main process hands back (holdings.py). A SIGKILL of the main process leaves it to
the leases. docs/decisions/0012-shutdown.md tells the whole of it.

Process managers (honcho, Heroku) send SIGTERM to every process of a group. A child that dies of it in the middle of a
PUT costs a lease and a second PUT; so a sync waits for its parent's word: told to stop, it finishes and lets the parent
end it; told nothing, the signal was meant for it alone.
"""

from __future__ import annotations

import logging
import mmap
import os
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import billiard
import billiard.pool
from celery import Celery, signals
from celery.apps.worker import Worker
from celery.worker import state

from worker.deaths import died_unsent, poison
from worker.holdings import Holdings
from worker.ledger import Ledger
from worker.logs import events

log = logging.getLogger(__name__)

_RUNNING, _STOPPING, _COLD = 0, 1, 2
_STEP_S = 0.05
_HEARD_WITHIN_S = 2.0
# What a settle may take after the last request has been ended.
SETTLING_S = 2.0
# Messages that one process's worth of a worker may hold: Celery's default.
_AHEAD = 4
# Tenths of a second; billiard's own are 300.
_RESULT_UNREAD_FOR = 50

_state = mmap.mmap(-1, 16)
_SINCE = struct.Struct("=d")
_SINCE_AT = 8
_POOL = struct.Struct("=I")
_POOL_AT = 4

holdings = Holdings()


def stopping() -> bool:
    """Whether this worker wants to stop."""
    return _state[0] != _RUNNING


def stopping_for_s() -> float:
    """Seconds since the signal to stop; the clock is the machine's, the same for every process."""
    since_s: float = _SINCE.unpack_from(_state, _SINCE_AT)[0]
    return time.monotonic() - since_s if stopping() else 0.0


def too_late(after_s: float) -> Callable[[], bool]:
    """Says whether requests under way must end now: the worker has been stopping for so long, or stops cold."""
    return lambda: _state[0] == _COLD or (stopping() and stopping_for_s() >= after_s)


def say_pool_size(processes: int) -> None:
    """Called in the main process, for those of its pool."""
    _POOL.pack_into(_state, _POOL_AT, processes)


def most_syncs() -> int:
    """How many processes of the pool may run syncs at once: one stays free for receipts that come by the broker."""
    return max(1, _pool_size() - 1)


def take_seat() -> bool:
    """Whether this process may be the one in which a sync stays; never the only one of its pool."""
    return _pool_size() > 1 and holdings.take_seat()


def _pool_size() -> int:
    return int(_POOL.unpack_from(_state, _POOL_AT)[0])


def pause(seconds: float) -> None:
    """Waits, or less when the worker wants to stop."""
    until_s = time.monotonic() + seconds
    while not stopping() and time.monotonic() < until_s:
        time.sleep(_STEP_S)


@signals.worker_shutting_down.connect(weak=False)
def announce(how: str = "Warm", **_: object) -> None:
    """Called in the main process when a warm shutdown begins, and when a cold one does."""
    if not stopping():
        _SINCE.pack_into(_state, _SINCE_AT, time.monotonic())
    _state[0] = _COLD if how == "Cold" else max(_state[0], _STOPPING)


@signals.task_prerun.connect(weak=False)
def _task_begins(**_: object) -> None:
    holdings.begin()


@signals.task_postrun.connect(weak=False)
def _task_ended(**_: object) -> None:
    holdings.end()


def hand_back_lost(ledgers: Mapping[str, Ledger]) -> None:
    """In the main process of a worker that stops: hands back what dead processes of its pool held, until none runs.

    Their leases end now, and are reaped as any that ran out: a slot that kills its process is counted.
    """
    while True:
        running = holdings.running()
        for lost in holdings.lost():
            for application, claims in lost.claims.items():
                expired = ledgers[application].expire(claims)
                for reaped in ledgers[application].reap():
                    if reaped.dead:
                        died_unsent(ledgers[application], reaped.slot, poison(reaped.crashes))
                events.PROCESS_LOST.say(log, application=application, slots=sum(expired))
            holdings.forget(lost)
        if not running:
            return
        time.sleep(_STEP_S)


def end_worker(exit_code: int) -> None:
    """Called by a thread of the main process that knows that this worker must not go on: a warm shutdown."""
    announce()
    # What Celery's own signal handlers set; the main loop looks at it at least every few seconds.
    state.should_stop = exit_code


@contextmanager
def finishing_first() -> Iterator[None]:
    """Around a sync: a SIGTERM that its parent got too does not interrupt it."""
    if threading.current_thread() is not threading.main_thread():  # a pool of threads: the parent itself
        yield
        return
    before = signal.signal(signal.SIGTERM, _on_sigterm)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _on_sigterm(number: int, _frame: object) -> None:
    pause(_HEARD_WITHIN_S)
    if not stopping():
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def messages_ahead(processes: int, syncs_most: int | None) -> int:
    """How many messages for each process a worker may hold unacknowledged; Celery's `worker_prefetch_multiplier`.

    With one each, the main process waits for its pool between any two messages, and takes half as many a second
    (docs/decisions/0022). More must never wait here behind syncs while another worker is free: so there are more only
    where a process of the pool is always free of syncs.

    Args:
        processes: of the pool.
        syncs_most: how many of them syncs may take; None: all but one (`most_syncs`).
    """
    if syncs_most is None:
        syncs_most = max(1, processes - 1)
    return _AHEAD if processes > syncs_most else 1


class SoftlyStopping(Worker):
    """Celery's soft shutdown says that it shuts down only after it has waited, and always waits in full.

    Attributes:
        syncs_most: of `messages_ahead`.
    """

    syncs_most: int | None = None

    def on_after_init(self, *args: Any, **kwargs: Any) -> None:
        """Called when the options of the command line are known."""
        super().on_after_init(*args, **kwargs)
        # Without a number of processes nobody knows yet how many there will be: Celery's setting stands.
        if isinstance(self.concurrency, int):
            self.prefetch_multiplier = messages_ahead(self.concurrency, self.syncs_most)

    def wait_for_soft_shutdown(self) -> None:
        """Says so first, then waits until no task runs, at most the soft shutdown's time and a settle's."""
        announce()
        at_most_s = self.app.conf.worker_soft_shutdown_timeout + SETTLING_S
        while holdings.running() and stopping_for_s() < at_most_s:
            time.sleep(_STEP_S)
        announce("Cold")


def install(app: Celery, syncs_most: int | None) -> None:
    """Makes the application's workers stop softly, and take as many messages ahead as they may (`messages_ahead`)."""
    # billiard spawns on macOS, and celery's "fork" does not change that: a spawned process would share nothing.
    billiard.set_start_method("fork", force=True)
    # When a shutdown begins, celery forgets a task whose process has just taken it, and never reads its result; the
    # process waits half a minute for that before it ends. The broker hands the task out again.
    billiard.pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = _RESULT_UNREAD_FOR
    app.Worker = app.subclass_with_self(SoftlyStopping, name="Worker", syncs_most=syncs_most)
