"""Rates from differences."""

from __future__ import annotations

import pytest

from tests.unit.worker.standings import NOW_MS, a_standing
from worker.commands.top import _HEADER, _cells, _short
from worker.tempo import Tempo, saved, tempo


def test_what_the_counts_have_gained_by_the_second() -> None:
    before = a_standing(recorded=10, covered=5, puts={"sent": 2, "rejected": 1})
    after = a_standing(now_ms=NOW_MS + 2000, recorded=110, covered=45, puts={"sent": 22, "rejected": 2, "throttled": 3})
    assert tempo(before, after) == Tempo(recorded=50, covered=20, puts=12, failed=2)


def test_no_time_or_a_ledger_that_began_anew_has_no_rate() -> None:
    assert tempo(a_standing(), a_standing()) is None
    assert tempo(a_standing(recorded=9), a_standing(now_ms=NOW_MS + 1000, recorded=1)) is None


@pytest.mark.parametrize(("covered", "sent", "expected"), [(0, 0, None), (10, 4, 0.6), (3, 9, 0.0)])
def test_the_share_of_calls_saved(covered: int, sent: int, expected: float | None) -> None:
    assert saved(a_standing(covered=covered, puts={"sent": sent})) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0"), (7.25, "7.2"), (99.9, "99.9"), (950, "950"), (9999, "9999"), (12_345, "12.3k"), (5e7, "50.0M")],
)
def test_numbers_are_short(number: float, expected: str) -> None:
    assert _short(number) == expected


def test_a_line_with_the_largest_numbers_fits_80_columns() -> None:
    many = 99_999_999
    of = a_standing(
        application="a" * 32,
        pending=many,
        oldest_wait_s=99 * 86_400.0,
        dead_letters=many,
        covered=1,
        rate_per_s=12_345.6,
    )
    cells = _cells(of, Tempo(98_765, 98_765, 98_765, 98_765))
    widths = [max(len(cell), len(name)) for cell, name in zip(cells, _HEADER, strict=True)]
    assert sum(widths) + len(widths) - 1 <= 80
