"""The producers' second door: three tasks, for `send_task` by name from any Celery client, and for beat.

Their keyword arguments are those of `ReceiptQueue`'s methods, and `application` for one that is not the default.
"""

from __future__ import annotations

from receipt_sync import InvalidReceipt
from receipt_sync.calls import DELIVERED, EDIT, READ
from worker.app import app, settings
from worker.private_request import PrivateRequest
from worker.recording import DamagedSlot, PoisonReceipt, record_call
from worker.runtime import runtime


class RecordingTask(app.Task):
    """A task that takes whatever it is called with, so that a wrong call is told apart from a crash."""

    abstract = True
    typing = False
    throws = (InvalidReceipt, DamagedSlot, PoisonReceipt)
    Request = PrivateRequest

    def run(self, *args: object, **kwargs: object) -> None:
        """Records one receipt; raises InvalidReceipt, naming the argument, after a dead letter has been stored."""
        came_back = (self.request.delivery_info or {}).get("redelivered")
        id_ = self.request.id
        record_call(
            runtime(settings), self.name, args, kwargs, id_ if came_back else None, self.request.get("traceparent"), id_
        )


class MarkDialogRead(RecordingTask):
    """`receipts.mark_dialog_read(dialog_id, user_id, token, message_ids, up_to, application)`."""

    name = READ


class MarkDialogDelivered(RecordingTask):
    """`receipts.mark_dialog_delivered(dialog_id, user_id, token, message_ids, up_to, application)`."""

    name = DELIVERED


class EditMessage(RecordingTask):
    """`receipts.edit_message(dialog_id, message_id, text, user_id, token, revision, application)`."""

    name = EDIT


for task in (MarkDialogRead, MarkDialogDelivered, EditMessage):
    app.register_task(task())
