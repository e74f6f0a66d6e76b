"""A Redis behind a socket file, as settings and documentation have it: producers and a worker's process reach it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from receipt_sync import ReceiptQueue
from settings import load
from stack.redis_server import RedisServer
from tests.shorthand import DIALOG, USER
from worker.runtime import Runtime


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    # The path of a socket is 107 characters at most.
    with TemporaryDirectory(prefix="rs-") as short:
        path = Path(short) / "redis.sock"
        with RedisServer(tmp_path / "redis", options={"unixsocket": str(path)}):
            yield f"unix://{path}?db=0"


def test_what_a_producer_records_there_a_worker_claims(url: str) -> None:
    held = Runtime(load({"REDIS_URL": url, "RECEIPTS_GATHER_MAX_S": "0"}))
    ledger = held.ways["default"].ledger
    ledger.publish_policy()
    ReceiptQueue(url).mark_dialog_read(DIALOG, user_id=USER)
    [claim] = ledger.claim(1).claims
    assert claim.slot == f"m:{DIALOG}:u{USER}"
