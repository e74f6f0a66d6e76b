"""Whatever way a worker is told to stop, every slot is back in 10 s, though each request under way would last longer.

A time bound stands in these tests because it is the promise. Requests hang for the production's 10 s and more.
"""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.running import StartSystem, System, until

BACK_WITHIN_S = 10.0
SLOTS = 4
# Celery's pool takes a second or two for its own end.
GONE_WITHIN_S = 20.0
HANGING = {"QUICKBLOX_CONNECT_TIMEOUT_S": "3.05", "QUICKBLOX_READ_TIMEOUT_S": "30", "RECEIPTS_LEASE_MARGIN_S": "5"}


def _with_requests_under_way(start_system: StartSystem, **settings: str) -> System:
    """A worker that waits for an API that is silent: without an end of their own its requests would last 30 s."""
    system: System = start_system(**HANGING, **settings)
    dialogs = [system.dialog(i)[0] for i in range(SLOTS)]
    system.api.faults(hang_share=1.0)
    system.start_worker()
    for dialog_id in dialogs:
        system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(SLOTS)
    assert system.accounts().in_flight == SLOTS
    return system


def _all_back(system: System, since_s: float) -> None:
    """Every slot is back in time and none was sent again; then the worker ends by itself."""
    in_time_s = since_s + BACK_WITHIN_S - time.monotonic()
    until(lambda: system.accounts().in_flight == 0, "every slot handed back", in_time_s)
    print(f"\nTIMING back {time.monotonic() - since_s:.2f}", end=" ")
    assert system.accounts().pending == SLOTS
    system.workers[0].wait(GONE_WITHIN_S)
    print(f"gone {time.monotonic() - since_s:.2f}")
    assert len(system.puts()) == SLOTS


@pytest.mark.parametrize(
    "signals",
    [[signal.SIGTERM], [signal.SIGTERM] * 2, [signal.SIGQUIT], [signal.SIGQUIT] * 3, [signal.SIGTERM, signal.SIGQUIT]],
    ids=["warm", "warm twice", "soft", "soft, cold, hard", "warm, then cold"],
)
def test_slots_are_back_in_time_after(start_system: StartSystem, signals: list[signal.Signals]) -> None:
    system = _with_requests_under_way(start_system)
    [worker] = system.workers
    since_s = time.monotonic()
    for number in signals:
        worker.signal(number)
    _all_back(system, since_s)


def test_slots_are_back_in_time_after_sigterm_to_the_whole_group(start_system: StartSystem) -> None:
    system = _with_requests_under_way(start_system)
    [worker] = system.workers
    since_s = time.monotonic()
    os.killpg(worker.pid, signal.SIGTERM)
    _all_back(system, since_s)
    assert "WorkerLostError" not in worker.log.text()


def test_slots_of_a_lost_process_are_back_in_time(start_system: StartSystem) -> None:
    system = _with_requests_under_way(start_system, WORKER_CONCURRENCY="1")
    [worker] = system.workers
    for pid in worker.children():
        os.kill(pid, signal.SIGKILL)
    since_s = time.monotonic()
    worker.signal(signal.SIGTERM)
    _all_back(system, since_s)
