"""Names that other programs use: tasks and queues. Changed only with a decision (docs/contract.md).

The three recording tasks are the producers' contract and named in receipt_sync/calls.py.
"""

from __future__ import annotations

from receipt_sync.calls import DELIVERED, EDIT, READ

SYNC = "receipts.sync"
# Shown by Flower, run by nobody (task_events.py).
PUT, DEAD, OUTAGE = "receipts.put", "receipts.dead", "receipts.outage"
RECORDING = (READ, DELIVERED, EDIT)

# Two queues, so that a doorbell never waits behind a million receipts: the broker serves them in turn.
RECEIPTS_QUEUE = "receipts"
DOORBELL_QUEUE = "receipts.sync"
