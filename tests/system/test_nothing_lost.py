"""Bad days of worker, ledger and doorbells: whatever dies, every receipt is covered, and accounts balance."""

from __future__ import annotations

import os
import signal

from receipt_sync import MarkRead
from tests.running import StartSystem, System, until


def _recorded_while_worker_sends(system: System, **faults: object) -> str:
    """A receipt whose PUT the API has seen and not answered; answers the dialog."""
    dialog_id, _ = system.dialog(1)
    system.api.faults(hang_share=1.0, first_n=1, **faults)
    system.start_worker()
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(1)
    return dialog_id


def _readers(system: System, dialog_id: str) -> list[set[int]]:
    return [set(m["read_ids"]) for m in system.api.world()["messages"] if m["chat_dialog_id"] == dialog_id]


def test_worker_killed_between_claim_and_put(system: System) -> None:
    dialog_id = _recorded_while_worker_sends(system, hang_applies=False)
    system.workers[0].kill()
    assert system.accounts().in_flight == 1
    system.start_worker()
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered, accounts.dead) == (1, 1, 0)
    assert len(system.applied()) == 1
    assert all(123 in readers for readers in _readers(system, dialog_id))


def test_worker_killed_between_put_and_settle(system: System) -> None:
    dialog_id = _recorded_while_worker_sends(system, hang_applies=True)
    system.workers[0].kill()
    system.start_worker()
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered, accounts.dead) == (1, 1, 0)
    assert len(system.applied()) == 2  # the repeat is the price of the kill, and there is one
    assert all(123 in readers for readers in _readers(system, dialog_id))


def test_pool_process_killed_while_sending(system: System) -> None:
    _recorded_while_worker_sends(system, hang_applies=True)
    worker = system.workers[0]
    for pid in worker.children():
        os.kill(pid, signal.SIGKILL)
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered, accounts.dead) == (1, 1, 0)
    assert worker.alive


def test_slot_that_kills_every_worker_ends_as_poison(system: System) -> None:
    dialog_id, _ = system.dialog(1)
    system.api.faults(hang_share=1.0)
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    for attempt in range(1, 3):
        worker = system.start_worker(RECEIPTS_CRASHES_MAX="2")
        system.wait_for_puts(attempt)
        worker.kill()
    system.start_worker(RECEIPTS_CRASHES_MAX="2")
    accounts = system.wait_until_settled()
    assert (accounts.covered, accounts.dead) == (0, 1)
    assert "poison" in system.dead_letters()[0]["reason"]


def test_redis_killed_and_restarted_with_its_append_only_file(system: System) -> None:
    dialogs = [system.dialog(i)[0] for i in range(40)]
    system.api.faults(latency_ms=50)
    system.start_worker()
    for dialog_id in dialogs[:20]:
        system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(3)
    system.redis_server.kill()
    system.redis_server.restart()
    for dialog_id in dialogs[20:]:
        system.receipts.mark_dialog_read(dialog_id, user_id=123)
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered, accounts.dead) == (40, 40, 0)
    assert all(123 in readers for dialog_id in dialogs for readers in _readers(system, dialog_id))


def test_doorbells_lost_with_the_brokers_queue(system: System) -> None:
    dialog_id, _ = system.dialog(1)
    # A worker that rings and does not answer: its doorbells stay in the queue until the queue is deleted.
    deaf = system.start_worker("--queues receipts")
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    until(lambda: system.redis.llen("receipts.sync") > 0, "a doorbell in the queue")
    deaf.stop()
    assert system.redis.delete("receipts.sync") == 1
    system.start_worker()
    # Permits live 4 s and are looked at every second; the rest is the machine's.
    accounts = system.wait_until_settled(timeout_s=15)
    assert accounts.covered == 1


def test_wake_ups_lost(system: System) -> None:
    dialogs = [system.dialog(i)[0] for i in range(3)]
    system.start_worker()
    for dialog_id in dialogs:
        until(lambda: system.redis.client_list(_type="pubsub") != [], "a worker that listens")
        system.redis.client_kill_filter(_type="pubsub")
        system.receipts.mark_dialog_read(dialog_id, user_id=123)
    assert system.wait_until_settled(timeout_s=15).covered == 3


def _four_puts_in_flight(system: System) -> None:
    dialogs = [system.dialog(i)[0] for i in range(4)]
    system.api.faults(latency_ms=800)
    system.start_worker()
    for dialog_id in dialogs:
        system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(4)


def test_warm_shutdown_finishes_what_is_in_flight(system: System) -> None:
    _four_puts_in_flight(system)
    [worker] = system.workers
    worker.signal(signal.SIGTERM)
    worker.wait(60)
    accounts = system.accounts()
    assert (accounts.covered, accounts.in_flight) == (4, 0)


def test_sigterm_to_the_whole_group_finishes_what_is_in_flight(system: System) -> None:
    _four_puts_in_flight(system)
    [worker] = system.workers
    os.killpg(worker.pid, signal.SIGTERM)
    worker.wait(60)
    accounts = system.accounts()
    assert (accounts.covered, accounts.in_flight) == (4, 0)
    assert "WorkerLostError" not in worker.log.text()


def test_soft_shutdown_ends_in_its_time_and_the_next_worker_goes_on(start_system: StartSystem) -> None:
    system: System = start_system(REMAP_SIGTERM="SIGQUIT")
    dialogs = [system.dialog(i)[0] for i in range(30)]
    system.api.faults(latency_ms=300)
    worker = system.start_worker(RECEIPTS_CONNECTIONS="2")
    for dialog_id in dialogs:
        system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(2)
    worker.signal(signal.SIGTERM)
    worker.wait(60)
    left = system.accounts()
    assert left.in_flight == 0
    assert left.pending > 0
    system.start_worker()
    accounts = system.wait_until_settled()
    assert accounts.covered == 30
    assert len(system.applied()) == 30  # nothing was sent twice


def test_paused_worker_that_wakes_up_late_settles_nothing(system: System) -> None:
    dialog_id, _ = system.dialog(1)
    system.api.faults(latency_ms=500)
    zombie = system.start_worker()
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(1)
    zombie.pause()
    system.start_worker()
    accounts = system.wait_until_settled()
    zombie.resume()
    until(lambda: system.redis.hget("rs:{default}:counts", "stale_settles") == b"1", "the zombie's settle ignored")
    assert (accounts.recorded, accounts.covered) == (1, 1)
    assert system.accounts() == accounts


def test_what_waits_to_be_settled_together_is_not_lost_with_its_process(start_system: StartSystem) -> None:
    """Where receipts gather claims and settles wait for each other (docs/decisions/0041): killed in between as well."""
    system = start_system(RECEIPTS_GATHER_MIN_S="2", RECEIPTS_GATHER_MAX_S="2")
    users = tuple(range(1, 31))
    dialogs = [system.dialog(number, users=users)[0] for number in range(4)]
    system.api.faults(latency_ms=20)
    worker = system.start_worker()
    recorded = 0
    for _ in range(6):
        for dialog_id in dialogs:
            system.receipts.record_many([MarkRead(dialog_id=dialog_id, user_id=user) for user in users])
            recorded += len(users)
        before = len(system.applied())
        until(lambda before=before: len(system.applied()) > before + 10, "PUTs under way")  # type: ignore[misc]
        for child in worker.children():
            os.kill(child, signal.SIGKILL)
    accounts = system.wait_until_settled()
    assert accounts.recorded == accounts.covered == recorded
    open_until: dict[tuple[str, str], float] = {}
    for call in sorted(system.puts(), key=lambda call: call.arrived):
        slot = (call.body, call.headers["on-behalf-of"])
        assert call.arrived >= open_until.get(slot, 0.0), "a slot was twice in flight"
        open_until[slot] = call.ended or call.arrived
