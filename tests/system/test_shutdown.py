"""Whatever way a worker is told to stop, every slot is back in 10 s, though each request under way would last longer.

A time bound stands in these tests because it is the promise. Requests hang for the production's 10 s and more.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.running import API_KEY, StartSystem, System, until

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


def _send_and_be_heard(system: System, number: signal.Signals) -> None:
    """Celery says something to each signal; two that come together would be one."""
    [worker] = system.workers
    words = worker.log.text()
    worker.signal(number)
    until(lambda: worker.log.text() != words, f"a word about {number.name}")


def _all_back(system: System, since_s: float) -> None:
    """Every slot is back in time and none was sent again; then the worker ends by itself."""
    in_time_s = since_s + BACK_WITHIN_S - time.monotonic()
    until(lambda: system.accounts().in_flight == 0, "every slot handed back", in_time_s)
    assert system.accounts().pending == SLOTS
    system.workers[0].wait(GONE_WITHIN_S)
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
    for number in signals[:-1]:
        _send_and_be_heard(system, number)
    worker.signal(signals[-1])
    _all_back(system, since_s)


def test_slots_are_back_in_time_after_sigterm_to_the_whole_group(start_system: StartSystem) -> None:
    system = _with_requests_under_way(start_system)
    [worker] = system.workers
    since_s = time.monotonic()
    os.killpg(worker.pid, signal.SIGTERM)
    _all_back(system, since_s)
    assert "WorkerLostError" not in worker.log.text()


def test_slots_of_a_lost_process_are_back_in_time(start_system: StartSystem) -> None:
    system = _with_requests_under_way(start_system, WORKER_CONCURRENCY="2", RECEIPTS_CONNECTIONS="2")
    [worker] = system.workers
    os.kill(worker.children()[0], signal.SIGKILL)  # the other one holds two slots, too
    since_s = time.monotonic()
    worker.signal(signal.SIGTERM)
    _all_back(system, since_s)
    assert "a process of the pool was lost: application=default slots=2" in worker.log.text()


def _with_two_applications(start_system: StartSystem) -> System:
    """Both have requests under way in one process: the first one's sync lasts, and serves the second."""
    system: System = start_system(
        **HANGING, RECEIPTS_APPLICATIONS="default,shop", QUICKBLOX_API_KEY__SHOP=API_KEY, WORKER_CONCURRENCY="2"
    )
    dialogs = [system.dialog(i)[0] for i in range(SLOTS)]
    system.api.faults(hang_share=1.0)
    system.start_worker()
    for queue in (system.receipts, system.queue("shop")):
        for dialog_id in dialogs:
            queue.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(2 * SLOTS)
    return system


def _all_of_both_back(system: System, since_s: float) -> None:
    in_time_s = since_s + BACK_WITHIN_S - time.monotonic()
    both = ("default", "shop")
    until(lambda: all(system.accounts(name).in_flight == 0 for name in both), "every slot handed back", in_time_s)
    assert [system.accounts(name).pending for name in both] == [SLOTS, SLOTS]
    system.workers[0].wait(GONE_WITHIN_S)
    assert len(system.puts()) == 2 * SLOTS


def test_slots_of_every_application_that_a_sync_serves_are_back_in_time(start_system: StartSystem) -> None:
    system = _with_two_applications(start_system)
    since_s = time.monotonic()
    system.workers[0].signal(signal.SIGTERM)
    _all_of_both_back(system, since_s)


def test_slots_of_every_application_that_a_lost_process_held_are_back_in_time(start_system: StartSystem) -> None:
    system = _with_two_applications(start_system)
    [worker] = system.workers
    worker.signal(signal.SIGSTOP)  # or it would start a process in the place of each
    for child in worker.children():
        os.kill(child, signal.SIGKILL)
    since_s = time.monotonic()
    worker.signal(signal.SIGCONT)
    worker.signal(signal.SIGTERM)
    _all_of_both_back(system, since_s)
    for name in ("default", "shop"):
        assert f"a process of the pool was lost: application={name} slots={SLOTS}" in worker.log.text()


def test_a_soft_shutdown_lasts_no_longer_than_its_requests(start_system: StartSystem) -> None:
    system: System = start_system(**HANGING, RECEIPTS_SHUTDOWN_S="600")
    dialog_id, _ = system.dialog(1)
    system.api.faults(latency_ms=500)
    worker = system.start_worker()
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(1)
    worker.signal(signal.SIGQUIT)
    worker.wait(GONE_WITHIN_S)
    assert (system.accounts().covered, len(system.puts())) == (1, 1)


@pytest.mark.parametrize("moment", ["the worker starts", "Connected to", " ready."])
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["alone", "group"])
def test_a_worker_told_to_stop_while_it_starts_leaves_nothing_in_flight(
    system: System, moment: str, send: Callable[[int, int], None]
) -> None:
    dialog_id, _ = system.dialog(1)
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    worker = system.start_worker(until_it_says=moment)
    send(worker.pid, signal.SIGTERM)
    worker.wait(GONE_WITHIN_S)
    accounts = system.accounts()
    assert (accounts.recorded, accounts.in_flight) == (1, 0)
    assert len(system.puts()) == accounts.covered
