"""The quiet system's figure, from hand-made times."""

from bench.figure import Figure
from bench.quiet import FIRST, OURS, PLAIN, TURNS, figure_of

RATIOS = ["ours / plain Celery, p50", "ours / plain Celery, p99", "the first after a pause / plain Celery, p50"]
WARM_UP = [1000.0] * 100


def figure(ours_ms: list[float], *, lost: int = 0, first_ms: float = 6.0) -> Figure:
    turns = {
        OURS: [WARM_UP] + [sorted(ours_ms)] * (TURNS - 1),
        PLAIN: [WARM_UP] + [[4.0] * 100] * (TURNS - 1),
        FIRST: [WARM_UP] + [[first_ms] * 100] * (TURNS - 1),
    }
    return figure_of(turns, puts=3 * TURNS * 100 - lost)


def test_targets_are_the_ratios_of_p50_and_of_p99() -> None:
    assert not [row for row in figure([4.0] * 100).rows if row.missed]
    assert [row.name for row in figure([3.0] * 97 + [4.1] * 3).rows if row.missed] == [RATIOS[1]]
    assert [row.name for row in figure([6.1] * 100).rows if row.missed] == RATIOS[:2]
    assert [row.name for row in figure([4.0] * 100, first_ms=6.1).rows if row.missed] == RATIOS[2:]


def test_a_ratio_is_taken_round_by_round_and_the_warm_up_counts_for_nothing() -> None:
    rows = {row.name: row.value for row in figure([10.0] * 100, first_ms=8.0).rows}
    assert [rows[name] for name in RATIOS] == [2.5, 2.5, 2.0]
    assert rows["ours, max"] == 10.0


def test_a_put_that_is_missing_or_too_many_is_a_fault() -> None:
    assert figure([4.0] * 100).faults == []
    assert figure([4.0] * 100, lost=1).faults == ["1800 marks were made, 1799 PUTs arrived"]
