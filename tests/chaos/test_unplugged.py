"""A worker on a machine of its own whose cable is pulled: packets vanish, and no connection is told that it has ended.

Network namespaces take root and `ip`; the proxy of the other tests does nearly the same everywhere (proxy.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from receipt_sync import EditMessage, MarkRead
from stack.machines import Machines, allowed, machines
from tests.chaos.judge import Limits, doubled
from tests.chaos.puts import put_of
from tests.chaos.running import REQUEST_S
from tests.running import System, until

USERS = tuple(range(1, 41))
TEXTS = ("before", "while it is silent", "when it is back")
DIALOGS = 4
LATENCY_MS = 100

pytestmark = pytest.mark.skipif(not allowed(), reason="network namespaces take root and ip")
Dialogs = list[tuple[str, list[str]]]


@pytest.fixture
def place() -> Iterator[Machines]:
    with machines(2) as made:
        yield made


@pytest.fixture
def system(tmp_path: Path, place: Machines) -> Iterator[System]:
    started = System(tmp_path, {"QUICKBLOX_RATE_PER_S": "100"}, host=place.home)
    try:
        yield started
    finally:
        started.stop()


def test_nothing_is_lost_when_a_machine_falls_silent_and_it_works_again_when_it_is_back(
    system: System, place: Machines
) -> None:
    dialogs = [system.dialog(number, users=(7, *USERS)) for number in range(DIALOGS)]
    system.api.faults(latency_ms=LATENCY_MS)
    silent = system.start_worker(enter=place.enter[0])
    recorded = _record(system, dialogs, TEXTS[0])
    until(lambda: _in_flight(system) > 1 and len(system.applied()) > 1, "PUTs under way")
    place.unplug(0)
    under_way = _in_flight(system)

    other = system.start_worker(enter=place.enter[1])
    recorded += _record(system, dialogs, TEXTS[1])
    accounts = system.wait_until_settled()
    assert accounts.recorded == accounts.covered == recorded
    # The other one's turn; the first comes back to connections that nobody else knows of any more.
    place.unplug(1)
    place.plug_in(0)
    recorded += _record(system, dialogs, TEXTS[2])
    accounts = system.wait_until_settled()

    assert accounts.recorded == accounts.covered == recorded
    assert under_way > 0
    assert silent.alive
    assert other.alive
    puts = [put_of(call) for call in system.puts() if call.body]
    assert doubled(puts, Limits(REQUEST_S)) == []
    for _, [message_id, *_] in dialogs:
        said = [put.said.text for put in puts if put.applied and put.said.text and message_id in put.said.message_ids]
        assert [TEXTS.index(text) for text in said] == sorted(TEXTS.index(text) for text in said)
        assert said[-1] == TEXTS[-1]


def _record(system: System, dialogs: Dialogs, text: str) -> int:
    """A receipt of everybody in every dialog, and an edit in each; answers how many."""
    marks = [MarkRead(dialog_id=dialog_id, user_id=user) for dialog_id, _ in dialogs for user in USERS]
    edits = [EditMessage(dialog_id=id_, message_id=first, text=text, user_id=7) for id_, [first, *_] in dialogs]
    system.receipts.record_many([*marks, *edits])
    return len(marks) + len(edits)


def _in_flight(system: System) -> int:
    return int(system.redis.zcard("rs:{default}:leases"))
