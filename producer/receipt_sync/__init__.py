"""Record chat receipts; workers send them to QuickBlox with as few calls as possible.

    from receipt_sync import ReceiptQueue

    receipts = ReceiptQueue(redis_url="redis://127.0.0.1:6379/0")
    receipts.mark_dialog_read(dialog_id, user_id=123)
    receipts.edit_message(dialog_id, message_id, "updated message", user_id=123)

A receipt is one report: a user has read or received a dialog's messages, or a message now says something else. When a
method has returned, the receipt is in the ledger (Redis), and will be covered by a PUT that is sent afterwards, or
stand among the dead letters with its reason. Errors: receipt_sync/errors.py.
"""

from receipt_sync.async_queue import AsyncReceiptQueue
from receipt_sync.errors import InvalidReceipt
from receipt_sync.queue import ReceiptQueue
from receipt_sync.receipts import EditMessage, MarkDelivered, MarkRead, Receipt
from receipt_sync.sealing import TokenSeal
from receipt_sync.shadow import ShadowQueue
from receipt_sync.when_down import LocalBuffer, ToBroker

__all__ = [
    "AsyncReceiptQueue",
    "EditMessage",
    "InvalidReceipt",
    "LocalBuffer",
    "MarkDelivered",
    "MarkRead",
    "Receipt",
    "ReceiptQueue",
    "ShadowQueue",
    "ToBroker",
    "TokenSeal",
]
