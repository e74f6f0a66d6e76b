"""Applications on a cluster, from turns that were made up."""

from zlib import crc32

from bench.cluster import APPLICATIONS, RECEIPTS, Turn, figure_of, names
from bench.figure import Figure

ONE = Turn([RECEIPTS, 0, 0], [1.0, 0.0, 0.0])
EVEN = Turn([RECEIPTS // 2, RECEIPTS // 4, RECEIPTS // 4], [0.5, 0.25, 0.25])


def figure_for(turn: Turn) -> Figure:
    return figure_of([{count: ONE if count == 1 else turn for count in APPLICATIONS}] * 5, "redis")


def test_the_busiest_node_is_what_limits_the_cluster() -> None:
    rows = figure_for(EVEN).rows
    assert [row.value for row in rows if row.name == "busiest node's receipts"] == [1, 0.5, 0.5, 0.5, 0.5]
    assert rows[-1].value == 2, "the cluster carries what twice the busiest node does"


def test_receipts_that_no_node_has_are_a_fault() -> None:
    lost = Turn([RECEIPTS // 2, 0, 0], [1.0, 0.0, 0.0])
    assert len(figure_for(lost).faults) == len(APPLICATIONS) - 1


def test_names_are_applications_names() -> None:
    assert names(2) == ["shop-1", "shop-2"]


def test_the_parts_of_one_application_are_even() -> None:
    """The choice that docs/scaling.md gives to producers."""
    parts = [0] * 4
    for number in range(10_000):
        parts[crc32(f"{number:024x}".encode()) % 4] += 1
    assert max(parts) - min(parts) < 100
