"""A draining worker's memory, from looks that were made up."""

from bench.memory import Look, figure_of

MB = 1_000_000


def looks(*written_mb: int) -> list[Look]:
    return [Look(10.0 * at, mb * MB, 2 * mb * MB, 100 * at) for at, mb in enumerate(written_mb, 1)]


def missed(*written_mb: int) -> list[str]:
    return [row.name for row in figure_of(looks(*written_mb), 900).rows if row.missed]


def test_the_most_after_the_first_minute_is_held_against_the_most_of_it() -> None:
    assert missed(10, 20, 100, 90, 100, 90, 110, 100) == []
    assert missed(10, 20, 100, 90, 100, 90, 111, 100) == ["most thereafter / of the first minute"]
    assert missed(10, 20, 100, 300, 100, 90, 111, 100) == []


def test_what_was_over_within_a_minute_says_nothing() -> None:
    assert figure_of(looks(10, 20), 900).faults == [
        "all was drained within 60 s: there is nothing to compare the first minute with"
    ]


def test_the_rate_is_of_all_that_was_drained() -> None:
    assert figure_of(looks(*[10] * 9), 900).rows[0].value == 10


def test_a_long_run_is_a_short_curve() -> None:
    rows = figure_of(looks(*[10] * 1_000), 900).rows
    assert 10 <= len({row.at for row in rows if row.at is not None}) <= 13
