"""A store for these schedules."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.running import quiet_logs
from tests.simulation.store import Store, StoreServer


@pytest.fixture(scope="package")
def store() -> Iterator[Store]:
    worker = logging.getLogger("worker")
    level = worker.level
    quiet_logs()
    # Not pytest's own directory: the path of a Unix socket may take 104 characters on macOS.
    with tempfile.TemporaryDirectory() as directory, StoreServer(Path(directory)) as server:
        yield server.store
    # Other tests listen to it.
    worker.setLevel(level)
