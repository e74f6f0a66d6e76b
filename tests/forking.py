"""A child of a fork, as a worker's pool makes them."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Callable

_FAILED = 99


def in_a_child(work: Callable[[], int]) -> int:
    """Forks, and answers what `work` answers there, 0 to 98; 99 when it raised.

    The child ends with its work, whatever becomes of it: going on with the tests it would end its parent's servers.
    """
    with warnings.catch_warnings():
        # From Python 3.12 on it is warned of threads, and pytest-timeout has one. This child takes none of their locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = _FAILED
        try:
            status = work()
        except BaseException:  # noqa: BLE001 - whatever it is, the parent says that it failed
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
