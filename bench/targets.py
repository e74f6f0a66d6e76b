"""How far numbers are from their targets."""

from collections.abc import Sequence

from bench.figure import Row


def score(row: Row) -> float | None:
    """How many times better than its target a value is, below 1 worse; None without a target that can be divided by."""
    bounds = [(row.most, row.value), (row.value, row.least)]
    ratios = [over / under for over, under in bounds if over is not None and under is not None and over > 0 < under]
    return min(ratios, default=None)


def judged(rows: Sequence[Row]) -> list[Row]:
    """Those with a target; of a curve the worst point alone, for a target of a curve is one target."""
    with_target = [row for row in rows if row.most is not None or row.least is not None]
    worst: dict[tuple[str, float | None], Row] = {}
    for row in with_target:
        key = (row.name, None if row.at is not None else id(row))
        if key not in worst or _badness(row) > _badness(worst[key]):
            worst[key] = row
    return list(worst.values())


def _badness(row: Row) -> tuple[bool, float]:
    return row.missed, -(score(row) or 0.0)
