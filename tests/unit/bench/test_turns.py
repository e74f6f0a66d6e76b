"""What turns have taken: wall time, and processor time by who has paid."""

import os
import time
from typing import Any
from unittest.mock import Mock

import pytest

from bench import turns
from bench.processor import Spent, processor_s, spent_on
from bench.turns import Turns


class Counter:
    """Goes up by a step with every question."""

    def __init__(self, step: float) -> None:
        self._step, self._now = step, 0.0

    def __call__(self) -> float:
        self._now += self._step
        return self._now


def system() -> Any:
    cpu = Counter(3)
    return Mock(
        redis_server=Mock(process=Mock(pid=os.getpid())), api=Mock(counts=lambda: {"cpu_s": cpu(), "applied": 0})
    )


def test_work_is_measured_from_before_to_after_by_each_who_pays() -> None:
    spent = spent_on(lambda: time.sleep(0.02), system(), Counter(2))
    assert 0.02 <= spent.wall_s < 5
    assert (spent.own_s, spent.sandbox_s) == (2, 3)
    assert spent.redis_s >= 0


def test_processor_time_is_that_of_the_descendants_too(monkeypatch: pytest.MonkeyPatch) -> None:
    child, grandchild = (Mock(**{"cpu_times.return_value": Mock(user=n, system=n / 10)}) for n in (2, 3))
    root = Mock(**{"cpu_times.return_value": Mock(user=1, system=0.1), "children.return_value": [child, grandchild]})
    monkeypatch.setattr("psutil.Process", lambda _pid: root)
    assert processor_s([1]) == pytest.approx(6.6)
    root.children.assert_called_with(recursive=True)


def test_the_first_turn_is_the_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    took = iter([Spent(n, 2 * n, 0, 0) for n in (99, 1, 3, 2)])
    monkeypatch.setattr(turns, "spent_on", lambda *_: next(took))
    side = Turns(system(), Counter(1))
    for _ in range(4):
        side.take(lambda: None)
    assert len(side) == 4
    assert [spent.wall_s for spent in side.rounds] == [1, 3, 2]
    assert side.us_each(lambda spent: spent.own_s, 1_000) == pytest.approx(4_000)
