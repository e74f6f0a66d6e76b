"""Ending: a worker that is stuck ends itself, as softly as it still can.

It says why. The pool's processes that hang are killed: nothing else ends them, and the main process hands back what
they held. The others are told to stop and settle what they have in flight. When the main process does not end by
itself, because it is what hangs, it is ended hard: what is still in flight is healed by its lease.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice

from worker.health.judging import Judgement
from worker.lifecycle import SETTLING_S, end_worker, holdings
from worker.logs import events

log = logging.getLogger(__name__)

# EX_SOFTWARE of sysexits.h: a supervisor that starts again after any failure starts this again.
EXIT_CODE = 70
_MORE_S = 5.0
_STEP_S = 0.1
_MOST_CALLS = 24


def end_stuck(judgement: Judgement, pool: Callable[[], Iterable[int]], soft_s: float) -> None:
    """Ends this process; called by a thread that is not the main one. Does not return.

    Args:
        judgement: why.
        pool: the ids of the pool's processes.
        soft_s: how long its requests under way may take.
    """
    pids = ",".join(map(str, judgement.pids)) or None
    calls = calls_of(threading.main_thread())
    events.WORKER_STUCK.say(log, reason=judgement.why, pids=pids, calls=calls, exit_code=EXIT_CODE)
    _kill(judgement.pids)
    end_worker(EXIT_CODE)
    # The main thread's end ends this one.
    _wait(lambda: not holdings.running(), soft_s + SETTLING_S)
    _wait(lambda: False, _MORE_S)
    events.WORKER_ENDED_HARD.say(log, exit_code=EXIT_CODE)
    _kill(pool())
    os._exit(EXIT_CODE)


def calls_of(thread: threading.Thread) -> str:
    """What a thread is in the middle of: `module.function:line` of its calls, the innermost first, and no values."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - public in all but its name, and documented
    calls = islice(traceback.walk_stack(frame), _MOST_CALLS) if frame else ()
    return " < ".join(f"{each.f_globals.get('__name__')}.{each.f_code.co_name}:{line}" for each, line in calls)


def _wait(done: Callable[[], bool], most_s: float) -> None:
    until_s = time.monotonic() + most_s
    while not done() and time.monotonic() < until_s:
        time.sleep(_STEP_S)


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
