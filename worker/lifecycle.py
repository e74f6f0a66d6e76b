"""The worker's end: one flag that the main process raises and its pool's processes see.

The flag lies in memory that is shared by fork, because a prefork child hears nothing of its parent's warm shutdown.
It makes a running sync claim no more, settle what is in flight, and end; so a warm or soft shutdown takes no longer
than one request. A SIGKILL leaves it to the leases.
"""

from __future__ import annotations

import mmap

from celery import Celery, signals
from celery.apps.worker import Worker

_flag = mmap.mmap(-1, 1)


def stopping() -> bool:
    """Whether this worker wants to stop."""
    return _flag[0] == 1


@signals.worker_shutting_down.connect(weak=False)
def raise_flag(**_: object) -> None:
    """Called in the main process when a warm, soft or cold shutdown begins."""
    _flag[0] = 1


class SoftlyStopping(Worker):
    """Celery says that it shuts down only after it has waited out the soft shutdown; the syncs must hear it before."""

    def wait_for_soft_shutdown(self) -> None:
        """Raises the flag, then waits as Celery does."""
        raise_flag()
        super().wait_for_soft_shutdown()


def install(app: Celery) -> None:
    """Makes the application's workers stop softly."""
    app.Worker = app.subclass_with_self(SoftlyStopping, name="Worker")
