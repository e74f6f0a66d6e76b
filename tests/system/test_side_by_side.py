"""Several workers, several processes each: one pace, and no slot twice in flight."""

from __future__ import annotations

from collections import defaultdict

from receipt_sync import MarkRead
from tests.running import StartSystem, System


def _slots_twice_in_flight(system: System) -> list[tuple[str, int | None]]:
    flights: dict[tuple[str, int | None], list[tuple[float, float]]] = defaultdict(list)
    for call in system.puts():
        assert call.ended is not None
        flights[call.body, call.user_id].append((call.arrived, call.ended))
    return [
        slot
        for slot, spans in flights.items()
        if any(later[0] < earlier[1] for earlier, later in zip(sorted(spans), sorted(spans)[1:], strict=False))
    ]


def test_no_slot_is_twice_in_flight_with_three_workers(system: System) -> None:
    dialogs = [system.dialog(i)[0] for i in range(12)]
    system.api.faults(latency_ms=40, latency_jitter_ms=80, error_share=0.2)
    for _ in range(3):
        system.start_worker(RECEIPTS_GATHER_MAX_S="0.02", RECEIPTS_BACKOFF_BASE_S="0.02")
    for _ in range(60):
        system.receipts.record_many([MarkRead(dialog_id=dialog_id, user_id=123) for dialog_id in dialogs])
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered) == (720, 720)
    assert len(system.puts()) >= 24  # else the test has shown nothing
    assert _slots_twice_in_flight(system) == []


def test_all_workers_together_stay_within_the_rate(start_system: StartSystem) -> None:
    """Four workers, and an API that refuses what is above the plan: it has nothing to refuse."""
    plan, share_left = 40, 0.25
    system: System = start_system(
        QUICKBLOX_RATE_PER_S="", QUICKBLOX_PLAN_CALLS_PER_S=str(plan), QUICKBLOX_SHARE_LEFT=str(share_left)
    )
    system.api.faults(rate_per_s=plan)
    dialogs = [system.dialog(i)[0] for i in range(160)]
    for _ in range(4):
        system.start_worker()
    system.receipts.record_many([MarkRead(dialog_id=dialog_id, user_id=123) for dialog_id in dialogs])
    accounts = system.wait_until_settled()
    assert accounts.covered == 160
    counts = system.api.counts()
    assert "429" not in counts["by_status"]
    # The claims keep to 30 exactly (tests/law); on their way to the API the machine may hold some up.
    assert counts["peak_per_s"] <= plan
    assert counts["by_status"]["200"] == 160
