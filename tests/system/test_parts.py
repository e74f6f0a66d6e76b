"""One application under several names with the same key: docs/scaling.md, for more than one Redis node carries."""

from __future__ import annotations

from zlib import crc32

from tests.running import API_KEY, System, until

PARTS = ("default", "more")
SENDER, READER = 7, 123


def test_the_parts_of_one_application_send_everything_and_each_keeps_its_own_accounts(system: System) -> None:
    dialogs = [system.dialog(number) for number in range(1, 13)]
    system.start_worker(RECEIPTS_APPLICATIONS=",".join(PARTS), QUICKBLOX_API_KEY__MORE=API_KEY)
    queues = [system.queue(part) for part in PARTS]
    for dialog_id, messages in dialogs:
        queue = queues[crc32(dialog_id.encode()) % len(queues)]
        queue.mark_dialog_read(dialog_id, user_id=READER)
        queue.edit_message(dialog_id, messages[0], "edited", user_id=SENDER)
    until(lambda: sum(system.accounts(part).covered for part in PARTS) == 2 * len(dialogs), "all covered")
    assert all(system.accounts(part).recorded > 0 for part in PARTS)
    assert len(system.applied()) == 2 * len(dialogs)
