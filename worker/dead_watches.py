"""Dead watches: of a process of the pool that died just before the broker was lost, Celery's loop would die, too.

Celery watches a descriptor of each process (celery/concurrency/asynpool.py, `_track_child_process`). When it tells that
the process is dying, Celery forgets it and has billiard look who is dead. The kernel closes a process's descriptors
before it can be waited for; seen in between, the process stays in the pool without a watch until billiard looks again,
some seconds later. A loop that begins anew within them, for the broker's connection was lost, watches every process
and meets a descriptor that is None: a ValueError, which ends the worker. Chaos found it, once in 500 kills.
"""

from __future__ import annotations

from typing import Any

# Of Celery's; None once it has forgotten the descriptor, missing until it has made one.
_WATCH = "_sentinel_poll"


def forget_dead_watches(pool: Any) -> int:
    """To be called before Celery's loop begins: who is without a watch gets a new one, which tells at once.

    Args:
        pool: the worker's, of any kind; only a prefork pool has processes.

    Returns:
        how many there were.
    """
    processes = getattr(getattr(pool, "_pool", None), "_pool", None) or ()
    dead = [process for process in processes if getattr(process, _WATCH, 0) is None]
    for process in dead:
        delattr(process, _WATCH)
    return len(dead)
