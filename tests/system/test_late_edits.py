"""PUTs that are applied after they were given up: harmless for marks, and no edit goes backwards."""

from __future__ import annotations

import pytest

from tests.running import StartSystem, System, until

READ_TIMEOUT_S = 0.5
LANDS_AFTER_MS = 1200.0  # well after the worker has given up


def _first_edit_unanswered(system: System) -> tuple[str, str]:
    """The first edit's PUT hangs, and lands when the worker has given it up long ago; answers dialog and message."""
    dialog_id, message_ids = system.dialog(1)
    system.api.faults(hang_share=1.0, hang_applies=True, lands_after_ms=LANDS_AFTER_MS, first_n=1)
    system.start_worker()
    system.receipts.edit_message(dialog_id, message_ids[0], "first", user_id=7, revision=1)
    system.wait_for_puts(1)
    system.receipts.edit_message(dialog_id, message_ids[0], "second", user_id=7, revision=2)
    return dialog_id, message_ids[0]


def _text_when_all_has_landed(system: System, message_id: str) -> str:
    assert system.wait_until_settled().covered == 2
    until(lambda: len(system.applied()) == 2, "both PUTs carried out")
    return str(system.api.message(message_id)["message"])


def test_a_later_text_waits_until_the_earlier_put_can_no_longer_land(start_system: StartSystem) -> None:
    system: System = start_system(QUICKBLOX_READ_TIMEOUT_S=str(READ_TIMEOUT_S), QUICKBLOX_LANDS_WITHIN_S="2")
    _, message_id = _first_edit_unanswered(system)
    assert _text_when_all_has_landed(system, message_id) == "second"
    first, second = system.puts()
    assert first.applied_at is not None
    assert second.arrived > first.applied_at


def test_without_the_wait_the_same_edit_goes_backwards(start_system: StartSystem) -> None:
    """What the wait is for: the sandbox does bring the old text back where nothing is waited for."""
    system: System = start_system(QUICKBLOX_READ_TIMEOUT_S=str(READ_TIMEOUT_S), QUICKBLOX_LANDS_WITHIN_S="0")
    _, message_id = _first_edit_unanswered(system)
    assert _text_when_all_has_landed(system, message_id) == "first"


@pytest.mark.parametrize("kill", [False, True])
def test_marks_bear_being_applied_late(start_system: StartSystem, *, kill: bool) -> None:
    system: System = start_system(QUICKBLOX_READ_TIMEOUT_S=str(READ_TIMEOUT_S))
    dialog_id, _ = system.dialog(1)
    system.api.faults(hang_share=1.0, hang_applies=True, lands_after_ms=LANDS_AFTER_MS, first_n=1)
    worker = system.start_worker()
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(1)
    if kill:
        worker.kill()
        system.start_worker()
    system.receipts.mark_dialog_delivered(dialog_id, user_id=123)
    assert system.wait_until_settled().covered == 2
    until(lambda: system.puts()[0].applied, "the late PUT carried out")
    messages = [m for m in system.api.world()["messages"] if m["chat_dialog_id"] == dialog_id]
    assert all(123 in m["read_ids"] and 123 in m["delivered_ids"] for m in messages)
