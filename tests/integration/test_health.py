"""A worker that makes no progress is found and ends itself, what it held goes out through another; no false alarms.

With thresholds of seconds; tests/brokers/test_outages.py has the real ones.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.process import Process
from stack.services import start_from_procfile
from tests.chaos.proxy import Network
from tests.outages import Load
from tests.running import StartSystem, System, until

STUCK_AFTER_S = 2.0
EXIT_CODE = 70


@pytest.fixture
def system(start_system: StartSystem) -> System:
    return start_system(RECEIPTS_STUCK_AFTER_S=str(STUCK_AFTER_S))


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as started:
        yield started


def ready_worker(system: System, **settings: str) -> Process:
    worker = system.start_worker(**settings)
    until(lambda: system.health("ready")[0] == 0, "ready")
    return worker


def ends_stuck(worker: Process, *whys: str) -> None:
    assert worker.wait(30) == EXIT_CODE
    [line] = [each for each in worker.log.lines(half=True) if '"event": "worker.stuck"' in each]
    assert [why for why in whys if why in line], line
    assert '"level": "ERROR"' in line
    assert '"calls": "' in line


def test_a_process_that_hangs_in_its_task_is_killed_and_its_receipts_go_out_through_another(system: System) -> None:
    worker = ready_worker(system)
    system.api.faults(hang_share=1.0, first_n=1)
    system.receipts.mark_dialog_read(system.dialog(1)[0], user_id=123)
    system.wait_for_puts(1)
    for child in worker.children():
        os.kill(child, signal.SIGSTOP)
    another = system.start_worker()
    ends_stuck(worker, "a process of the pool hangs in its task")
    assert system.wait_until_settled().covered == 1
    assert another.alive
    assert "worker.stuck" not in another.log.text()


def test_a_pool_that_does_not_begin_what_it_was_given(system: System) -> None:
    worker = ready_worker(system)
    for child in worker.children():
        os.kill(child, signal.SIGSTOP)
    system.receipts.mark_dialog_read(system.dialog(1)[0], user_id=123)
    ends_stuck(worker, "a process of the pool does not begin the task that it was given")
    assert system.health("live") == (1, f"no worker runs that reports in {system.health_dir}")
    system.start_worker()
    assert system.wait_until_settled().covered == 1


def test_a_consumer_whose_broker_is_silently_gone(system: System, network: Network) -> None:
    """Half-open: nothing comes, nothing fails; who connects anew is served, so that it is the worker's to end."""
    proxy = network.proxy(system.redis_server.port)
    worker = ready_worker(system, CELERY_BROKER_URL=f"redis://127.0.0.1:{proxy.port}/0")
    another = system.start_worker()
    proxy.half_open()
    system.receipts.mark_dialog_read(system.dialog(1)[0], user_id=123)
    # Whichever comes first to use its dead connection.
    ends_stuck(worker, "messages wait at the broker", "the consumer's event loop", "the ticker hangs")
    assert system.wait_until_settled().covered == 1
    assert another.alive


def test_redis_away_under_load_is_waited_out_without_a_restart(system: System) -> None:
    """Longer than a worker may be stuck: it is not the worker's fault."""
    workers = [ready_worker(system), system.start_worker()]
    with Load(system) as load:
        load.wait_for(30)
        system.redis_server.stop()
        time.sleep(2 * STUCK_AFTER_S)
        assert system.health("live")[0] == 0
        code, words = system.health("ready")
        assert (code, "not reached" in words or "not connected" in words) == (1, True), words
        system.redis_server.restart()
        load.wait_for(load.recorded + 30)
    until(lambda: system.health("ready")[0] == 0, "ready again")
    accounts = system.wait_until_settled()
    assert accounts.recorded >= load.recorded
    assert (accounts.dead, accounts.covered) == (0, accounts.recorded)
    assert [worker.exit_code for worker in workers] == [None, None]
    assert not [worker for worker in workers if "worker.stuck" in worker.log.text()]


def test_a_worker_that_stood_still_and_goes_on_is_not_stuck(system: System) -> None:
    """A laptop that slept, a virtual machine that was moved: all its processes stand still together."""
    worker = ready_worker(system)
    system.receipts.mark_dialog_read(system.dialog(1)[0], user_id=123)
    system.wait_for_puts(1)
    worker.pause()
    time.sleep(2 * STUCK_AFTER_S)
    worker.resume()
    system.receipts.mark_dialog_read(system.dialog(2)[0], user_id=123)
    assert system.wait_until_settled().covered == 2
    until(lambda: system.health("ready")[0] == 0, "ready again")
    assert "worker.stuck" not in worker.log.text()
    worker.stop()
    assert not list(system.health_dir.iterdir()), "a worker that stops takes its report along"


def test_a_sync_whose_api_hangs_is_not_stuck_nor_is_a_worker_that_cannot_write_its_report(
    system: System, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings = {"QUICKBLOX_READ_TIMEOUT_S": str(2 * STUCK_AFTER_S), "RECEIPTS_HEALTH_DIR": str(tmp_path / "file")}
    worker = system.start_worker(**settings)
    worker.wait_for_line('"health.not_written"')
    system.api.faults(hang_share=1.0, first_n=1)
    system.receipts.mark_dialog_read(system.dialog(1)[0], user_id=123)
    assert system.wait_until_settled().covered == 1
    assert "worker.stuck" not in worker.log.text()


def test_beat_says_that_it_lives_also_while_it_waits_for_the_broker(system: System, tmp_path: Path) -> None:
    schedule = tmp_path / "schedule.json"
    schedule.write_text('{"job": {"task": "receipts.mark_dialog_read", "every_s": 1, "kwargs": {}}}')
    env = {"REDIS_URL": "redis://127.0.0.1:1/0", "RECEIPTS_SCHEDULE_FILE": str(schedule)}
    env |= {"BEAT_STATE": str(tmp_path / "beat"), "RECEIPTS_HEALTH_DIR": str(system.health_dir)}
    with start_from_procfile("beat", env, tmp_path) as beat:
        beat.wait_for_line('"beat.waits"')
        assert system.health("beat") == (0, "beat: beat")
    assert system.health("beat")[0] == 1
