"""A benchmark, a simulation, a fuzzing run: one that is ended leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from signal import SIGHUP, SIGKILL, SIGTERM, Signals

import psutil
import pytest

from stack.services import PROJECT, environment
from tests.running import until

SIMULATION = ("tests.simulation", "--schedules", "100000", "--jobs", "1")
PROGRAMS = [("bench", "room"), SIMULATION, ("tests.fuzz",)]


@contextmanager
def begun(words: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program that has started a server by now."""
    command, silent = [sys.executable, "-m", *words], subprocess.DEVNULL
    program = subprocess.Popen(command, cwd=PROJECT, env=environment({}), stdout=silent, stderr=silent)
    try:
        until(lambda: bool(servers_of(program)), "a server that it has started")
        yield program
    finally:
        for each in started_by(program):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        program.kill()
        program.wait()


def started_by(program: subprocess.Popen[bytes]) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(program.pid).children(recursive=True)
    return []


def servers_of(program: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return [each for each in living(started_by(program)) if "server" in each.name()]


def living(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Without those that only wait for somebody to take note of their end."""
    found = []
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            found += [each] if each.is_running() and each.status() != psutil.STATUS_ZOMBIE and each.name() else []
    return found


@pytest.mark.parametrize("number", [SIGTERM, SIGHUP], ids=lambda number: Signals(number).name)
@pytest.mark.parametrize("words", PROGRAMS, ids=lambda words: words[0])
def test_what_it_has_started_ends_with_it(words: tuple[str, ...], number: int) -> None:
    with begun(words) as program:
        started, servers = started_by(program), servers_of(program)
        os.kill(program.pid, number)
        assert program.wait(30) != 0
    assert living(servers) == []
    # Python's own tracker of shared resources sees by itself that nobody is left.
    until(lambda: living(started) == [], "nobody is left")


def test_a_simulation_whose_process_is_killed_ends_and_says_no() -> None:
    with begun(SIMULATION) as program:
        [server] = servers_of(program)
        try:
            os.kill(server.ppid(), SIGKILL)
            assert program.wait(60) == 1
        finally:
            server.kill()
