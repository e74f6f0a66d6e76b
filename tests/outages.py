"""Load that goes on through an outage: what was not acknowledged is recorded again until it is."""

from __future__ import annotations

import itertools
import threading
from typing import Self

import redis

from tests.running import System, until

_DIALOGS, _USERS = 20, 50
_EVERY_S = 0.01


class Load:
    """Marks of many users in many dialogs, about a hundred a second, from a thread.

    Attributes:
        recorded: how many have been acknowledged.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._dialogs = [system.dialog(number, users=(7, *range(1000, 1000 + _USERS)))[0] for number in range(_DIALOGS)]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")
        self.recorded = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def wait_for(self, recorded: int) -> None:
        """Waits until so many have been acknowledged."""
        until(lambda: self.recorded >= recorded, f"{recorded} recorded")

    def _run(self) -> None:
        for number in itertools.count():
            while not self._ended.wait(_EVERY_S):
                try:
                    dialog_id = self._dialogs[number % _DIALOGS]
                    self._system.receipts.mark_dialog_read(dialog_id, user_id=1000 + number // _DIALOGS % _USERS)
                except redis.RedisError:
                    continue
                self.recorded += 1
                break
            if self._ended.is_set():
                return
