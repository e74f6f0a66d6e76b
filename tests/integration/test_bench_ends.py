"""A benchmark that is ended leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from signal import SIGHUP, SIGTERM, Signals

import psutil
import pytest

from stack.services import PROJECT, environment
from tests.running import until


@pytest.mark.parametrize("number", [SIGTERM, SIGHUP], ids=lambda number: Signals(number).name)
def test_what_it_has_started_ends_with_it(number: int) -> None:
    bench = subprocess.Popen(
        [sys.executable, "-m", "bench", "room"], cwd=PROJECT, env=environment({}), stdout=subprocess.DEVNULL
    )
    try:
        until(lambda: bool(psutil.Process(bench.pid).children(recursive=True)), "a server that it has started")
        started = psutil.Process(bench.pid).children(recursive=True)
        os.kill(bench.pid, number)
        assert bench.wait(30) != 0
    finally:
        bench.kill()
        bench.wait()
    assert psutil.wait_procs(started, 0)[1] == []
