"""A producer beside a test: records as long as a block lasts."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from receipt_sync import MarkRead
from tests.running import System

_AT_ONCE = 5
_BETWEEN_S = 0.05


@contextmanager
def load(system: System, marks: Iterator[MarkRead]) -> Iterator[None]:
    """A producer that records as long as the block lasts; each mark has a slot of its own."""
    enough = threading.Event()

    def produce() -> None:
        while not enough.wait(_BETWEEN_S):
            system.receipts.record_many(list(itertools.islice(marks, _AT_ONCE)))

    producer = threading.Thread(target=produce)
    producer.start()
    try:
        yield
    finally:
        enough.set()
        producer.join()
