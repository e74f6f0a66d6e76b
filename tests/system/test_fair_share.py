"""Many applications, one fleet: whoever's calls hang, the others' receipts are sent as if it were not there.

The waits are measured between the recording and the arrival in the sandbox's journal. Their bounds stand here because
they are the promise. No breaker can have opened by then: what holds is that no application waits for another's calls.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from receipt_sync import MarkRead, ReceiptQueue
from tests.running import API_KEY, StartSystem, System, until

# As in production: each call that hangs does so for ten seconds.
HANGING = {"QUICKBLOX_CONNECT_TIMEOUT_S": "3.05", "QUICKBLOX_READ_TIMEOUT_S": "10", "RECEIPTS_LEASE_MARGIN_S": "5"}
READER = 123
SLOTS = 200  # more than the connections of every process together


def _dialogs(system: System, count: int, first: int = 0) -> list[str]:
    """New dialogs at the API that answers, so that each receipt costs a PUT."""
    ids = [f"d{number:023x}" for number in range(first, first + count)]
    system.api.build_world(
        users=(7, READER), dialogs=[{"_id": id_, "type": 2, "occupants_ids": [7, READER]} for id_ in ids]
    )
    return ids


def _make_busy(queue: ReceiptQueue) -> None:
    """Work for a while: every connection that it is given hangs."""
    queue.record_many([MarkRead(dialog_id=f"b{number:023x}", user_id=READER) for number in range(SLOTS)])


def _waits_s(system: System, dialogs: list[str], every_s: float, queues: list[ReceiptQueue]) -> list[float]:
    """Records a receipt at a time, for the applications in turn; answers how long after that each PUT arrived, sorted."""
    recorded_at: dict[str, float] = {}
    for dialog_id, queue in zip(dialogs, itertools.cycle(queues), strict=False):
        recorded_at[dialog_id] = time.time()
        queue.mark_dialog_read(dialog_id, user_id=READER)
        time.sleep(every_s)

    def arrived() -> dict[str, float]:
        calls = (
            (dialog_id, call.arrived) for call in system.puts() for dialog_id in recorded_at if dialog_id in call.body
        )
        return dict(calls)

    until(lambda: len(arrived()) == len(recorded_at), "every receipt at the API")
    at = arrived()
    return sorted(at[dialog_id] - since for dialog_id, since in recorded_at.items())


def _p99(waits_s: list[float]) -> float:
    return waits_s[int(len(waits_s) * 0.99)]


def test_a_neighbour_that_hangs_changes_no_wait(start_system: StartSystem) -> None:
    system: System = start_system(
        **HANGING,
        WORKER_CONCURRENCY="2",  # as many as the syncs of one application
        RECEIPTS_GATHER_MIN_S="2",  # what everyone waits anyway: beside it the machine's noise is small
        RECEIPTS_GATHER_MAX_S="2",
        RECEIPTS_APPLICATIONS="default,hangs",
        QUICKBLOX_API_KEY__HANGS=API_KEY,
    )
    hanging, address = system.start_another_api()
    neighbour = system.queue("hangs")
    system.start_worker(QUICKBLOX_ENDPOINT__HANGS=address)
    p99_s: dict[str, list[float]] = {"alone": [], "beside": []}
    for turn in range(2):
        for place, number in (("alone", 2 * turn), ("beside", 2 * turn + 1)):
            if place == "beside":
                hanging.faults(hang_share=1.0)
                _make_busy(neighbour)
                time.sleep(3)  # its slots have come due and every place of its own is taken
            p99_s[place].append(_p99(_waits_s(system, _dialogs(system, 100, 100 * number), 0.08, [system.receipts])))
            hanging.clear_faults()
            until(_settled(system, "hangs"), "the neighbour is done")
    assert len(hanging.journal()) > 0
    print(f"p99 s: {p99_s}")
    assert max(p99_s["beside"]) <= 1.2 * min(p99_s["alone"])


def test_of_eight_applications_on_four_processes_five_may_hang(start_system: StartSystem) -> None:
    healthy, sick = [f"well-{n}" for n in range(3)], [f"sick-{n}" for n in range(5)]
    system: System = start_system(
        **HANGING,
        WORKER_CONCURRENCY="4",
        RECEIPTS_GATHER_MAX_S="0",
        RECEIPTS_APPLICATIONS=",".join(healthy + sick),
        **{f"QUICKBLOX_API_KEY__{name.upper().replace('-', '_')}": API_KEY for name in healthy + sick},
    )
    hanging, address = system.start_another_api()
    hanging.faults(hang_share=1.0)
    # No key without a suffix: no application is called default.
    system.start_worker(
        QUICKBLOX_API_KEY="",
        **{f"QUICKBLOX_ENDPOINT__{name.upper().replace('-', '_')}": address for name in sick},
    )
    for name in sick:
        _make_busy(system.queue(name))
    time.sleep(2)  # every process has its hands full
    # Longer than a sync claims, and than its last call hangs: the processes change hands meanwhile.
    waits_s = _waits_s(system, _dialogs(system, 300), 0.1, [system.queue(name) for name in healthy])
    print(
        f"p50 {waits_s[150]:.3f} s, p99 {_p99(waits_s):.3f} s, max {waits_s[-1]:.3f} s; sick {len(hanging.journal())}"
    )
    assert len(hanging.journal()) > len(sick) * 16
    assert waits_s[-1] < 2.0


def _settled(system: System, application: str) -> Callable[[], bool]:
    def settled() -> bool:
        counts = system.redis.hmget(f"rs:{{{application}}}:counts", ["pending", "in_flight"])
        return all(int(count or 0) == 0 for count in counts)

    return settled
