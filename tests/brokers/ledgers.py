"""The system of tests/running.py on another ledger than its own Redis."""

from __future__ import annotations

from redis.backoff import NoBackoff
from redis.retry import Retry

from receipt_sync import ReceiptQueue
from receipt_sync.connection import client_of
from tests.running import System, until


def move_to(system: System, url: str) -> None:
    """From now on the test's own looks and recordings go to this ledger; workers take it as `REDIS_URL`."""
    system.redis = client_of(url, timeout_s=5, retry=Retry(NoBackoff(), 3))
    system.receipts = ReceiptQueue(url, timeout_s=5)


def readers(system: System) -> set[int]:
    """The users for whom the API has carried out a PUT."""
    return {call.user_id for call in system.applied() if call.user_id is not None}


def wait_for_readers(system: System, wanted: set[int]) -> None:
    """Waits until the API has carried out a PUT for each of them."""
    until(lambda: wanted <= readers(system), f"PUTs for {len(wanted)} users")
