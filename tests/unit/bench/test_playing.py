"""From arrivals to receipts and to the recording log."""

import time
from collections.abc import Iterable

import pytest

from bench.playing import play, receipt_of, recorded_of
from receipt_sync import EditMessage, MarkDelivered, MarkRead, Receipt, ReceiptQueue
from traffic.arrivals import Arrival

D, M = "d" * 24, "a" * 24
READ = Arrival(0.0, "read", D, 1, M, 0)
DELIVERED = Arrival(0.01, "delivered", D, 1, M, 0)
EDIT = Arrival(0.02, "edit", D, 1, M, 3)


class RecordingQueue(ReceiptQueue):
    def __init__(self) -> None:
        self.taken: list[Receipt] = []
        self.calls: list[int] = []

    def record_many(self, receipts: Iterable[Receipt], *, trace: str | None = None) -> None:  # noqa: ARG002 - the queue's signature
        receipts = list(receipts)
        self.taken += receipts
        self.calls.append(len(receipts))


def test_a_mark_names_its_message_only_if_wanted() -> None:
    assert receipt_of(READ, names=True) == MarkRead(dialog_id=D, user_id=1, up_to=M)
    assert receipt_of(READ, names=False) == MarkRead(dialog_id=D, user_id=1)
    assert receipt_of(DELIVERED, names=True) == MarkDelivered(dialog_id=D, user_id=1, up_to=M)


def test_an_edit_has_its_revision_and_a_text_made_from_it() -> None:
    expected = EditMessage(dialog_id=D, message_id=M, text="revision 3", user_id=1, revision=3)
    assert receipt_of(EDIT, names=False) == expected
    assert recorded_of(EDIT, 1.0, names=False).text == "revision 3"


@pytest.mark.parametrize(("names", "message"), [(True, M), (False, "")])
def test_the_log_says_what_the_receipt_says(names: bool, message: str) -> None:  # noqa: FBT001 - the case itself
    assert recorded_of(READ, 1.0, names=names).message == message
    assert recorded_of(EDIT, 1.0, names=names).message == M


def test_every_arrival_is_recorded_once_and_not_before_its_time() -> None:
    queue, arrivals = RecordingQueue(), [READ, DELIVERED, EDIT]
    began_s = time.time()
    played = play(queue, arrivals, names=True)
    assert queue.taken == [receipt_of(arrival, names=True) for arrival in arrivals]
    assert [one.kind for one in played.recorded] == ["read", "delivered", "edit"]
    assert all(late_s >= 0 for late_s in played.late_s)
    assert played.recorded[0].recorded_s >= began_s
    assert len(played.calls_s) == 3


def test_only_receipts_that_are_due_together_share_a_call() -> None:
    queue, at_once = RecordingQueue(), [READ] * 5
    played = play(queue, [*at_once, EDIT], names=True, together=3)
    assert queue.calls[0] == 3
    assert queue.calls[-1] == 1
    assert queue.taken == [receipt_of(arrival, names=True) for arrival in [*at_once, EDIT]]
    assert len(played.recorded) == len(played.calls_s) == len(played.late_s) == 6
    assert all(late_s >= 0 for late_s in played.late_s)


def test_without_leave_no_receipts_share_a_call() -> None:
    queue = RecordingQueue()
    play(queue, [READ] * 5, names=True)
    assert queue.calls == [1] * 5
