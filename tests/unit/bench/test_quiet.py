"""The quiet system's figure, from hand-made times."""

from bench.figure import Figure
from bench.quiet import WARM_UP, figure_of

PLAIN_MS = [4.0] * 300


def ours(ours_ms: list[float], *, lost: int = 0) -> Figure:
    return figure_of(sorted(ours_ms), PLAIN_MS, puts=600 + 2 * WARM_UP - lost)


def test_targets_are_for_p50_and_p99() -> None:
    assert not [row for row in ours([10.0] * 300).rows if row.missed]
    assert [row.name for row in ours([16.0] * 300).rows if row.missed] == ["ours p50"]
    assert [row.name for row in ours([10.0] * 296 + [61.0] * 4).rows if row.missed] == ["ours p99"]


def test_the_ratio_is_of_the_medians() -> None:
    assert ours([10.0] * 300).rows[-1].value == 2.5


def test_a_put_that_is_missing_or_too_many_is_a_fault() -> None:
    assert ours([10.0] * 300).faults == []
    assert ours([10.0] * 300, lost=1).faults == ["700 marks were made, 699 PUTs arrived"]
