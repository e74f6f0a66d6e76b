"""A PUT's transaction in Sentry, linked to the traces in which its receipts were recorded (docs/decisions/0029)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sentry_sdk
from sentry_sdk.tracing import Transaction, TransactionSource

from receipt_sync.tracing import TRACEPARENT
from worker.ledger import Claim, EditClaim
from worker.logs.private import pseudonym
from worker.verdicts import Sent, Verdict, name


@contextmanager
def put_transaction(application: str, claim: Claim) -> Iterator[Callable[[Verdict], None]]:
    """Around a PUT; what it yields is told the verdict. Where nothing is traced, it does nothing.

    One whose receipts come from sampled traces is sampled: else those would end in the air.
    """
    if not sentry_sdk.get_client().options.get("traces_sample_rate"):
        yield lambda _: None
        return
    kind = "edit" if isinstance(claim, EditClaim) else "marks"
    put = Transaction(op="receipts.put", name=f"PUT {kind}", source=TransactionSource.CUSTOM)
    if claim.traces:
        put.sampled = True
    put.set_context("receipts", _told(claim))
    with sentry_sdk.start_transaction(put) as transaction:
        transaction.set_tag("application", application)
        transaction.set_tag("slot", pseudonym(claim.slot))

        def end(verdict: Verdict) -> None:
            transaction.set_tag("verdict", name(verdict))
            transaction.set_status("ok" if isinstance(verdict, Sent) else "unknown_error")

        yield end


def _told(claim: Claim) -> dict[str, Any]:
    # The clocks are two machines': about.
    waited_ms = max(0, round(time.time() * 1000) - claim.recorded_ms)
    links = [
        {"trace_id": found[1], "span_id": found[2], "sampled": True}
        for trace in claim.traces
        if (found := TRACEPARENT.fullmatch(trace))
    ]
    return {"attempt": claim.attempts + 1, "waited_ms": waited_ms, "links": links}
