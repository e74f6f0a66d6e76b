"""Included in a worker: what breaks it, with words that quote what they broke on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from receipt_sync import Receipt, ReceiptQueue
from worker import plan, recording, sending
from worker.plan import Limits, Put
from worker.runtime import Runtime
from worker.sending import AnyClaim

CRASHING, BUGGY, DEADLY = "c" * 24, "b" * 24, "deadbeef" * 3

_record, _next_put, _record_many = recording._record, plan.next_put, ReceiptQueue.record_many


def _breaking(
    held: Runtime, name: str, args: Sequence[object], kwargs: Mapping[str, object], trace: str | None
) -> None:
    if kwargs.get("dialog_id") == DEADLY and held.redis.set("rs:{default}:killed", 1, nx=True):
        os.kill(os.getpid(), signal.SIGKILL)
    _record(held, name, args, kwargs, trace)


def _crashing(queue: ReceiptQueue, receipts: Iterable[Receipt], *, trace: str | None = None) -> None:
    receipts = list(receipts)
    if any(receipt.dialog_id == CRASHING for receipt in receipts):
        raise RuntimeError(f"cannot record {receipts}")
    _record_many(queue, receipts, trace=trace)


def _buggy(claim: AnyClaim, limits: Limits) -> Put:
    if claim.dialog_id == BUGGY and claim.attempts == 0:
        raise LookupError(f"no plan for {claim.slot} of {claim.token}")
    return _next_put(claim, limits)


recording._record = _breaking
_sending: Any = sending
_sending.next_put = _buggy
_queue: Any = ReceiptQueue
_queue.record_many = _crashing
