"""The API's limit is not the configured one and changes unannounced: it is found, used, and hardly overstepped.

What finding it costs is in `python -m bench limit`, over minutes, and in tests/law, over hours of virtual time.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import product

from receipt_sync import MarkRead
from tests.running import StartSystem, System

CONFIGURED, LIMITS = "160", (80, 30, 120)
FOUND_WITHIN_S, MEASURED_S = 8.0, 10.0
DIALOGS, USERS = 60, range(1, 111)
_TOGETHER = 1_000


def marks_of_many_slots(system: System) -> Iterator[list[MarkRead]]:
    """6,600 slots, more than the limits let through while the test lasts."""
    dialogs = [system.dialog(number, tuple(USERS), messages=1)[0] for number in range(DIALOGS)]
    marks = [MarkRead(dialog_id=dialog, user_id=user) for dialog, user in product(dialogs, USERS)]
    return (marks[start : start + _TOGETHER] for start in range(0, len(marks), _TOGETHER))


def let_pass(seconds: float) -> None:
    """A limit is calls over time: nothing else could be waited for."""
    threading.Event().wait(seconds)


def answers_while(system: System, seconds: float) -> tuple[Counter[str], float]:
    """The API's answers by status from now on, and for how long exactly."""
    began_s, before = time.monotonic(), Counter(system.api.counts()["by_status"])
    let_pass(seconds)
    return Counter(system.api.counts()["by_status"]) - before, time.monotonic() - began_s


def test_a_limit_that_changes_unannounced_is_used_and_hardly_overstepped(start_system: StartSystem) -> None:
    system = start_system(QUICKBLOX_RATE_PER_S=CONFIGURED)
    for marks in marks_of_many_slots(system):
        system.receipts.record_many(marks)
    system.api.faults(rate_per_s=LIMITS[0])
    for _ in range(2):
        system.start_worker()
    answers, available = Counter[str](), 0.0
    for limit in LIMITS:
        system.api.faults(rate_per_s=limit)
        let_pass(FOUND_WITHIN_S)
        given, lasted_s = answers_while(system, MEASURED_S)
        answers += given
        available += limit * lasted_s
    assert system.accounts().pending > 0  # there was always something to send
    assert answers["200"] >= 0.9 * available
    assert answers["429"] < 0.02 * answers.total()
