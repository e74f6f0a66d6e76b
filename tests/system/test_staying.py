"""A sync that has sent something stays and hears what comes next, without another doorbell (docs/decisions/0024)."""

from __future__ import annotations

import os
import signal

from tests.running import System, until

ENDED = "succeeded in"  # Celery says it of each task
MARKS = 8
# Not after its time is up.
STOPS_WITHIN_S = 15.0


def _one_after_the_other(system: System) -> None:
    for number in range(MARKS):
        system.receipts.mark_dialog_read(system.dialog(number)[0], user_id=123)
        system.wait_for_puts(number + 1)


def _syncs(words: str) -> int:
    return sum('"event": "task.received"' in line and "receipts.sync" in line for line in words.splitlines())


def _sent_and_ended(words: str) -> int:
    """Syncs that sent something and did not stay."""
    return sum("receipts.sync" in line and "sent=" in line and ENDED in line for line in words.splitlines())


def test_a_sync_that_stays_sends_what_comes_next(system: System) -> None:
    worker = system.start_worker(RECEIPTS_SYNC_TIME_S="60", RECEIPTS_LOG_LEVEL="DEBUG")
    _one_after_the_other(system)
    assert system.wait_until_settled().covered == MARKS
    # The first mark's; on a busy machine the ticker may be first once, and its doorbell finds nothing to do.
    words = worker.log.text()
    assert 1 <= _syncs(words) <= 2
    # But of those that sent something all but one at most stayed.
    assert _sent_and_ended(words) <= 1


def test_a_process_that_dies_staying_is_followed_by_doorbells(system: System) -> None:
    worker = system.start_worker(RECEIPTS_SYNC_TIME_S="60", RECEIPTS_SYNCS_MAX="1", RECEIPTS_PERMIT_S="1")
    system.receipts.mark_dialog_read(system.dialog(0)[0], user_id=123)
    system.wait_for_puts(1)
    for child in worker.children():
        os.kill(child, signal.SIGKILL)
    system.receipts.mark_dialog_read(system.dialog(1)[0], user_id=123)
    system.wait_for_puts(2)
    assert system.wait_until_settled().covered == 2


def test_a_worker_whose_sync_stays_stops_at_once(system: System) -> None:
    worker = system.start_worker(RECEIPTS_SYNC_TIME_S="60", RECEIPTS_LOG_LEVEL="DEBUG")
    _one_after_the_other(system)
    worker.signal(signal.SIGTERM)
    worker.wait(STOPS_WITHIN_S)
    assert system.accounts().covered == MARKS


def test_one_that_stayed_out_its_time_is_followed_by_the_next(system: System) -> None:
    worker = system.start_worker(RECEIPTS_SYNC_TIME_S="0.5", RECEIPTS_LOG_LEVEL="DEBUG")
    system.receipts.mark_dialog_read(system.dialog(0)[0], user_id=123)
    system.wait_for_puts(1)
    until(lambda: ENDED in worker.log.text(), "the end of the sync")
    system.receipts.mark_dialog_read(system.dialog(1)[0], user_id=123)
    system.wait_for_puts(2)
    assert _syncs(worker.log.text()) == 2
