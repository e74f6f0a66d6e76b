"""The figure of the import, from hand-made times and from one start."""

from bench import importing
from bench.importing import BEYOND, REDIS, figure_of
from bench.rounds import Rounds


def test_the_target_is_what_the_wheel_adds() -> None:
    figure = figure_of(Rounds({REDIS: lambda: 400.0, BEYOND: lambda: 100.0}))
    assert [(row.name, row.value, row.missed) for row in figure.rows] == [
        (REDIS, 400.0, False),
        (BEYOND, 100.0, False),
        ("receipt_sync beyond redis / redis", 0.25, False),
    ]
    slow = figure_of(Rounds({REDIS: lambda: 400.0, BEYOND: lambda: 151.0}))
    assert [row.name for row in slow.rows if row.missed] == [BEYOND]


def test_a_start_times_both() -> None:
    redis_ms, beyond_ms = importing._started()
    assert redis_ms > 0
    assert beyond_ms > 0
