"""A slot whose PUT kills its process: loaded into a worker with `--include`, for one dialog alone."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any, cast

from tests.integration.raw_messages import POISON_DIALOG
from worker import flights

# The others that were claimed with it are under way by then.
DIES_AFTER_S = 0.2

_flights = cast("Any", flights)  # it exports no such name
_send = _flights.send_claim


def _deadly(way: Any, claim: Any, granted_s: float) -> Any:
    if POISON_DIALOG in claim.slot:
        threading.Event().wait(DIES_AFTER_S)
        os.kill(os.getpid(), signal.SIGKILL)
    return _send(way, claim, granted_s)


_flights.send_claim = _deadly
