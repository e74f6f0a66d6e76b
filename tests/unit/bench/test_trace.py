"""The trace's figure, from hand-made recordings and journals."""

from collections import Counter

import pytest

from bench.figure import Figure
from bench.options import Options
from bench.playing import Played, recorded_of
from bench.trace import arrivals_of, figure_of
from sandbox.client import Call
from traffic.arrivals import Arrival

D, M = "d" * 24, "a" * 24
ARRIVALS = [Arrival(0.0, "read", D, 1, M, 0), Arrival(1.0, "read", D, 1, M, 0), Arrival(5.0, "read", D, 1, M, 0)]


def call(seq: int, arrived: float, status: int = 200) -> Call:
    body = f'{{"chat_dialog_id": "{D}", "read": "1"}}'
    return Call(
        seq,
        arrived,
        arrived,
        "PUT",
        "/chat/Message.json",
        "",
        {},
        body,
        status,
        applied=True,
        applied_at=arrived,
        user_id=1,
    )


def figure(*calls: Call, names: bool = True) -> Figure:
    recorded = [recorded_of(arrival, 100 + arrival.t_s, names=names) for arrival in ARRIVALS]
    counts = Counter(recorded=3, covered=3)
    return figure_of(
        Options(names=names), ARRIVALS, Played(recorded, [0.0] * 3, [0.001] * 3), list(calls), counts, counts
    )


def value(of: Figure, name: str) -> float:
    return next(row.value for row in of.rows if row.name == name)


def missed(of: Figure) -> list[str]:
    return [row.name for row in of.rows if row.missed]


def test_puts_are_compared_with_the_fewest_possible() -> None:
    found = figure(call(1, 102.0), call(2, 107.0), names=False)
    assert (value(found, "PUTs"), value(found, "fewest possible")) == (2, 2)
    assert value(found, "PUTs / fewest possible") == 1
    assert (found.faults, missed(found)) == ([], [])


def test_one_put_too_many_misses_the_target() -> None:
    assert missed(figure(call(1, 101.0), call(2, 102.0), call(3, 107.0))) == ["PUTs / fewest possible"]


def test_a_repeated_mark_that_names_a_covered_message_needs_no_put() -> None:
    found = figure(call(1, 102.0))
    assert value(found, "absorbed, needed no PUT") == 1
    assert value(found, "covered by a PUT") == 2
    assert found.faults == []


def test_a_receipt_without_a_put_is_a_fault() -> None:
    assert figure(call(1, 102.0), names=False).faults == ["1 receipts were covered by no PUT"]
    assert figure(call(1, 102.0, status=500), call(2, 103.0)).faults == []


def test_a_wait_above_the_target_is_missed() -> None:
    assert missed(figure(call(1, 102.6))) == ["wait max"]
    assert value(figure(call(1, 102.6)), "wait max") == pytest.approx(2.6)


def test_a_trace_is_cut_in_its_own_time() -> None:
    day = arrivals_of(Options(seconds=30, speed=2))
    assert day
    assert max(arrival.t_s for arrival in day) < 15
