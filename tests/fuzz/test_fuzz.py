"""A short share of the fuzzing, and proof that a door which lets an exception out is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import strategies as st

from tests.fuzz.doors import Door
from tests.fuzz.running import run, run_all

INPUTS = 5_000


def test_nothing_comes_out_of_a_door_but_the_errors_that_are_named(tmp_path: Path) -> None:
    checked = dict(run_all(tmp_path, INPUTS, seed=7))
    assert len(checked) == 7
    assert sum(each.inputs for each in checked.values()) >= INPUTS * 0.95
    assert sum(each.different for each in checked.values()) >= INPUTS * 0.6


def test_a_door_that_lets_an_exception_out_is_seen() -> None:
    def check(value: int) -> None:
        if value == 3:
            raise KeyError(value)

    with pytest.raises(KeyError):
        run(Door("leaky", 1, st.integers(0, 5), lambda value, _random: value, check), 1000, seed=1)
