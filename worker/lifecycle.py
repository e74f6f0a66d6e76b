"""The worker's end: one flag that the main process raises and its pool's processes see.

The flag lies in memory that is shared by fork, because a prefork child hears nothing of its parent's warm shutdown.
It makes a running sync claim no more, settle what is in flight, and end; so a warm or soft shutdown takes no longer
than one request. A SIGKILL leaves it to the leases.
"""

from __future__ import annotations

import mmap

from celery import signals

_flag = mmap.mmap(-1, 1)


def stopping() -> bool:
    """Whether this worker wants to stop."""
    return _flag[0] == 1


@signals.worker_shutting_down.connect(weak=False)
def raise_flag(**_: object) -> None:
    """Called in the main process when a warm, soft or cold shutdown begins."""
    _flag[0] = 1
