"""How hard kills are counted: one for each that met a living process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from stack.process import Process
from stack.process_table import rows
from tests.chaos.contenders import Addresses, Contender
from tests.chaos.proxy import Network
from tests.chaos.seats import Seat
from tests.running import until


class _Sleepers(Contender):
    """A worker with one child; both sleep."""

    def start_worker(self, label: str, _at: Addresses, _concurrency: int, _rate_per_s: float, log_dir: Path) -> Process:
        command = ["/bin/sh", "-c", "sleep 600 & echo ' ready.'; wait"]
        return Process(label, command, None, log_dir, log_dir / f"{label}.log")


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    with Network() as network:
        seat = Seat(1, network, 1, 1)
        _seat_a_worker(seat, tmp_path)
        yield seat
        assert seat.worker is not None
        seat.worker.kill()
        for proxy in seat.proxies.values():
            proxy.refuse()


def _seat_a_worker(seat: Seat, directory: Path) -> None:
    seat.start(_Sleepers("sleepers", "", 0, ()), 1, 0.0, directory)
    until(seat.is_up, "a worker that is ready")


def test_whole_worker_counts_once_and_only_while_it_lives(seat: Seat) -> None:
    assert [seat.kill(), seat.kill()] == [1, 0]
    assert not seat.is_up()


def test_pool_child_counts_once_and_only_while_it_lives(seat: Seat) -> None:
    assert seat.worker is not None
    [child] = seat.worker.children()
    assert seat.kill_child(Random(1)) == 1
    until(lambda: child not in [row.pid for row in rows()], "the child's end")
    assert seat.kill_child(Random(1)) == 0


def test_worker_that_has_ended_is_followed_by_another(seat: Seat, tmp_path: Path) -> None:
    assert seat.tend(lambda _: pytest.fail("it lives")) is None
    before = seat.worker
    seat.kill()
    assert seat.tend(lambda seat: _seat_a_worker(seat, tmp_path)) == "started"
    assert (seat.starts, seat.worker is before, seat.is_up(), seat.unasked) == (2, False, True, [])


def test_worker_that_ended_by_itself_is_told_apart(seat: Seat, tmp_path: Path) -> None:
    assert seat.worker is not None
    seat.worker.kill()
    assert seat.tend(lambda seat: _seat_a_worker(seat, tmp_path)) == "started"
    assert seat.unasked == ["worker-1-1 with exit code -9"]
    seat.ask_to_end()
    until(lambda: seat.worker is not None and not seat.worker.alive, "its end")
    assert seat.tend(lambda seat: _seat_a_worker(seat, tmp_path)) == "started"
    assert (len(seat.unasked), len(seat.shutdowns_s)) == (1, 1)


def test_paused_worker_is_not_up_until_it_is_woken(seat: Seat) -> None:
    seat.pause(600)
    assert not seat.is_up()
    assert seat.tend(lambda _: None) is None
    seat.wake()
    assert seat.tend(lambda _: None) == "resumed"
    assert seat.is_up()
