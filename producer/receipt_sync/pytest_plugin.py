"""Fixtures for pytest: `pytest_plugins = ["receipt_sync.pytest_plugin"]` in a conftest.py of your own."""

from __future__ import annotations

import pytest

from receipt_sync.testing import AsyncFakeReceiptQueue, FakeReceiptQueue


@pytest.fixture
def receipt_queue() -> FakeReceiptQueue:
    """A queue that remembers what it is told."""
    return FakeReceiptQueue()


@pytest.fixture
def async_receipt_queue() -> AsyncFakeReceiptQueue:
    """The same for asyncio."""
    return AsyncFakeReceiptQueue()
