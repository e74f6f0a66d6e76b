"""Many applications, one fleet: whoever's calls hang, the others' receipts are sent as if it were not there.

The waits are measured between the recording and the arrival in the sandbox's journal. Their bounds are half of what a
call hangs for: whoever waits for such a call is beyond them, and a busy machine is not. What a neighbour costs in
milliseconds is `python -m bench neighbour`. The breaker is kept shut: nothing here needs it, and takes a while to open.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from celery import Celery

from receipt_sync import MarkRead, ReceiptQueue
from tests.running import API_KEY, StartSystem, System, until

Door = Callable[[str], object]
# As in production: each call that hangs does so for ten seconds.
HANGING = {
    "QUICKBLOX_CONNECT_TIMEOUT_S": "3.05",
    "QUICKBLOX_READ_TIMEOUT_S": "10",
    "RECEIPTS_LEASE_MARGIN_S": "5",
    "RECEIPTS_BREAKER_CALLS_MIN": "1000000",
}
READER = 123
# It takes half a second at most until everyone is served; a busy machine adds to it. Whoever waits for a call that
# hangs, or for a sync with such calls, waits for more than this.
BOUND_S = 5.0
CONNECTIONS = 16  # of one application in one process
SLOTS = 200  # more than the connections of every process together


def _dialogs(system: System, count: int, first: int = 0) -> list[str]:
    """New dialogs at the API that answers, so that each receipt costs a PUT."""
    ids = [f"d{number:023x}" for number in range(first, first + count)]
    system.api.build_world(
        users=(7, READER), dialogs=[{"_id": id_, "type": 2, "occupants_ids": [7, READER]} for id_ in ids]
    )
    return ids


def _directly(queue: ReceiptQueue) -> Door:
    return lambda dialog_id: queue.mark_dialog_read(dialog_id, user_id=READER)


def _by_broker(client: Celery, application: str) -> Door:
    """Through the second door: a process of the pool has to record it first."""

    def record(dialog_id: str) -> None:
        kwargs = {"dialog_id": dialog_id, "user_id": READER, "application": application}
        client.send_task("receipts.mark_dialog_read", kwargs=kwargs, queue="receipts")

    return record


def _make_busy(queue: ReceiptQueue) -> None:
    """Work for a while: every connection that it is given hangs."""
    queue.record_many([MarkRead(dialog_id=f"b{number:023x}", user_id=READER) for number in range(SLOTS)])


def _waits_s(system: System, dialogs: list[str], every_s: float, doors: list[Door]) -> list[float]:
    """Records a receipt at a time, by each door in turn; answers how long each waited for its PUT."""
    recorded_at: dict[str, float] = {}
    for dialog_id, record in zip(dialogs, itertools.cycle(doors), strict=False):
        recorded_at[dialog_id] = time.time()
        record(dialog_id)
        time.sleep(every_s)  # the load's own pace

    def arrived_at() -> dict[str, float]:
        calls = ((id_, call.arrived) for call in system.puts() for id_ in recorded_at if id_ in call.body)
        return dict(calls)

    until(lambda: len(arrived_at()) == len(recorded_at), "every receipt at the API")
    arrivals = arrived_at()
    return [arrivals[id_] - since for id_, since in recorded_at.items()]


def _quantile(waits_s: list[float], share: float) -> float:
    return sorted(waits_s)[int(len(waits_s) * share)]


def test_a_neighbour_that_hangs_keeps_nobody_waiting(start_system: StartSystem) -> None:
    system: System = start_system(
        **HANGING,
        WORKER_CONCURRENCY="2",  # as many as the syncs that one application may have
        RECEIPTS_GATHER_MAX_S="0",
        RECEIPTS_APPLICATIONS="default,hangs",
        QUICKBLOX_API_KEY__HANGS=API_KEY,
    )
    hanging, address = system.start_another_api()
    system.start_worker(QUICKBLOX_ENDPOINT__HANGS=address)
    hanging.faults(hang_share=1.0)
    _make_busy(system.queue("hangs"))
    until(lambda: hanging.counts()["open"] >= CONNECTIONS, "every connection of its own hangs")
    # Longer than a call hangs: the neighbour's syncs change hands meanwhile.
    waits_s = _waits_s(system, _dialogs(system, 150), 0.1, [_directly(system.receipts)])
    assert hanging.counts()["puts"] > CONNECTIONS
    assert max(waits_s) < BOUND_S, f"p50 {_quantile(waits_s, 0.5):.3f} s, p99 {_quantile(waits_s, 0.99):.3f} s"
    hanging.clear_faults()
    until(_settled(system, "hangs"), "the neighbour is done")


def test_of_eight_applications_on_four_processes_five_may_hang(start_system: StartSystem) -> None:
    healthy, sick = [f"well-{n}" for n in range(3)], [f"sick-{n}" for n in range(5)]
    variable = {name: name.upper().replace("-", "_") for name in healthy + sick}
    system: System = start_system(
        **HANGING,
        WORKER_CONCURRENCY="4",
        RECEIPTS_GATHER_MAX_S="0",
        RECEIPTS_APPLICATIONS=",".join(healthy + sick),
        **{f"QUICKBLOX_API_KEY__{name}": API_KEY for name in variable.values()},
    )
    hanging, address = system.start_another_api()
    hanging.faults(hang_share=1.0)
    system.start_worker(
        QUICKBLOX_API_KEY="",  # nobody is called default
        **{f"QUICKBLOX_ENDPOINT__{variable[name]}": address for name in sick},
    )
    for name in sick:
        _make_busy(system.queue(name))
    until(lambda: hanging.counts()["open"] >= len(sick) * CONNECTIONS, "every process has its hands full")
    with Celery("a-stranger", broker=system.redis_server.url_of("default"), set_as_current=False) as client:
        # Few by the broker: one process takes them, and on a busy machine that is not many a second.
        doors = [*(_directly(system.queue(name)) for name in healthy), _by_broker(client, healthy[0])]
        # Longer than a sync claims, and than its last call hangs: the processes change hands meanwhile.
        waits_s = _waits_s(system, _dialogs(system, 150), 0.2, doors)
    assert hanging.counts()["puts"] > 2 * len(sick) * CONNECTIONS  # they went on hanging all the while
    # By the broker each waits for the one process that is kept free, and on a busy machine that is its speed, not the
    # neighbours' doing: that they have arrived, while the calls hung, is all that is asked of them.
    waits_s = [wait_s for number, wait_s in enumerate(waits_s) if number % len(doors) != len(healthy)]
    assert max(waits_s) < BOUND_S, f"p50 {_quantile(waits_s, 0.5):.3f} s, p99 {_quantile(waits_s, 0.99):.3f} s"


def _settled(system: System, application: str) -> Callable[[], bool]:
    def settled() -> bool:
        counts = system.redis.hmget(f"rs:{{{application}}}:counts", ["pending", "in_flight"])
        return all(int(count or 0) == 0 for count in counts)

    return settled
