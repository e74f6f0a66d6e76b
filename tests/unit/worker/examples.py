"""Claims, PUTs and patience as the worker's tests need them; every value can be replaced by name."""

from __future__ import annotations

from typing import Any

from worker.acting import Patience
from worker.ledger import EditClaim, MarkClaim
from worker.plan import Put

DIALOG = "53a99a7be4b094c7c6d31b41"
TOKEN = "eddf864695d72d33b959eec2ae6c640d817dfada"
PATIENCE = Patience(backoff_base_s=1.0, backoff_cap_s=300.0, retry_after_max_s=60.0, unauthorized_hold_s=30.0)


def message_id(n: int) -> str:
    return f"{n:024x}"


def mark_claim(**replaced: Any) -> MarkClaim:
    fields: dict[str, Any] = {
        "slot": f"m:{DIALOG}:u123",
        "generation": 7,
        "attempts": 0,
        "recorded_ms": 1_700_000_000_000,
        "dialog_id": DIALOG,
        "actor": "u123",
        "token": None,
        "claimed_s": 0.0,
        "read_all": 0,
        "delivered_all": 0,
        "ids": {},
        "list_limit": None,
    }
    return MarkClaim(**(fields | replaced))


def edit_claim(**replaced: Any) -> EditClaim:
    fields: dict[str, Any] = {
        "slot": f"e:{DIALOG}:{message_id(1)}",
        "generation": 7,
        "attempts": 0,
        "recorded_ms": 1_700_000_000_000,
        "dialog_id": DIALOG,
        "actor": "u123",
        "token": None,
        "claimed_s": 0.0,
        "message_id": message_id(1),
        "revision": 5,
        "text": "updated message",
    }
    return EditClaim(**(fields | replaced))


def put(**replaced: Any) -> Put:
    fields: dict[str, Any] = {"dialog_id": DIALOG, "message_ids": (), "flags": "r", "actor": "u123", "token": None}
    return Put(**(fields | replaced))
