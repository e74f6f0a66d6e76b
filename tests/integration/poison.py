"""A receipt that kills its process: loaded into a worker with `--include`, for one dialog alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence

from tests.integration.raw_messages import POISON_DIALOG
from worker import recording
from worker.runtime import Runtime

_record = recording._record


def _deadly(held: Runtime, name: str, args: Sequence[object], kwargs: Mapping[str, object], trace: str | None) -> None:
    if kwargs.get("dialog_id") == POISON_DIALOG:
        os.kill(os.getpid(), signal.SIGKILL)
    _record(held, name, args, kwargs, trace)


recording._record = _deadly
