"""All workers are replaced one by one, under load: nothing is lost, and no PUT is sent twice."""

from __future__ import annotations

import signal
from collections import Counter

from receipt_sync import MarkRead
from tests.running import StartSystem, System
from tests.system.loading import load

# So long that no request is taken for lost on a busy machine: a PUT sent twice would be the restart's doing.
PATIENT = {"QUICKBLOX_READ_TIMEOUT_S": "30", "RECEIPTS_LEASE_MARGIN_S": "10"}
DIALOGS = 40
USERS = range(100, 300)
WORKERS = 3
GONE_WITHIN_S = 20.0


def test_rolling_restart_under_load_loses_nothing_and_sends_nothing_twice(start_system: StartSystem) -> None:
    system: System = start_system(**PATIENT)
    dialogs = [system.dialog(i, users=(7, *USERS), messages=1)[0] for i in range(DIALOGS)]
    system.api.faults(latency_ms=300, latency_jitter_ms=200)
    workers = [system.start_worker() for _ in range(WORKERS)]
    marks = (MarkRead(dialog_id=dialog_id, user_id=user) for user in USERS for dialog_id in dialogs)
    with load(system, marks):
        for worker in workers:
            before = len(system.puts())
            system.wait_for_puts(before + 20)  # it is in the thick of it
            worker.signal(signal.SIGTERM)
            worker.wait(GONE_WITHIN_S)
            system.start_worker()
    accounts = system.wait_until_settled()
    assert accounts.recorded == accounts.covered
    assert next(marks, None) is not None  # else the load had ended before the restarts
    sent = Counter((call.path, call.body, call.user_id) for call in system.puts())
    assert [put for put, times in sent.items() if times > 1] == []
    assert len(sent) == accounts.recorded
    assert all(call.applied for call in system.puts())
