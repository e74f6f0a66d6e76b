"""The worker's end: one byte that the main process sets and its pool's processes see.

It lies in memory that is shared by fork, because a prefork child hears nothing of its parent's warm shutdown. It makes
a running sync claim no more, settle what is in flight, and end; so a warm or soft shutdown takes no longer than one
request. A SIGKILL leaves it to the leases.

Process managers (honcho, Heroku) send SIGTERM to every process of a group. A child that dies of it in the middle of a
PUT costs a lease and a second PUT; so a sync waits for its parent's word: told to stop, it finishes and lets the parent
end it; told nothing, the signal was meant for it alone.
"""

from __future__ import annotations

import mmap
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from celery import Celery, signals
from celery.apps.worker import Worker
from celery.worker import state

_RUNNING, _STOPPING, _COLD = 0, 1, 2
_STEP_S = 0.05
_HEARD_WITHIN_S = 2.0

_state = mmap.mmap(-1, 1)


def stopping() -> bool:
    """Whether this worker wants to stop."""
    return _state[0] != _RUNNING


def pause(seconds: float) -> None:
    """Waits, or less when the worker wants to stop."""
    until_s = time.monotonic() + seconds
    while not stopping() and time.monotonic() < until_s:
        time.sleep(_STEP_S)


@signals.worker_shutting_down.connect(weak=False)
def announce(how: str = "Warm", **_: object) -> None:
    """Called in the main process when a warm shutdown begins, and when a cold one does."""
    _state[0] = _COLD if how == "Cold" else _STOPPING


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
    if _state[0] != _STOPPING:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


class SoftlyStopping(Worker):
    """Celery says that it shuts down only after it has waited out the soft shutdown; the syncs must hear it before."""

    def wait_for_soft_shutdown(self) -> None:
        """Says so, then waits as Celery does; after that the pool's processes are ended."""
        announce()
        super().wait_for_soft_shutdown()
        announce("Cold")


def install(app: Celery) -> None:
    """Makes the application's workers stop softly."""
    app.Worker = app.subclass_with_self(SoftlyStopping, name="Worker")
