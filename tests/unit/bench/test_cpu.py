"""The processor-time figure, from hand-made turns."""

import json

import pytest

from bench.cpu import DEBOUNCING, OURS, TURNS, figure_of, stretches_of
from bench.cpu_sides import Taken
from bench.figure import Figure
from bench.options import Options
from bench.rounds import Rounds
from sandbox.client import Call
from traffic.arrivals import Arrival
from traffic.waits import Recorded

DIALOG, USER, MESSAGE = "d" * 24, 7, "e" * 24


def arrival(t_s: float) -> Arrival:
    return Arrival(t_s, "read", DIALOG, USER, MESSAGE, 0)


def put(arrived_s: float) -> Call:
    body = json.dumps({"chat_dialog_id": DIALOG, "read": "1"})
    return Call(1, arrived_s, arrived_s, "PUT", "/chat/Message.json", "", {}, body, 200, True, arrived_s, USER)


def taken(at_s: float, *puts_s: float, earlier: Taken | None = None) -> Taken:
    return Taken(earlier, [Recorded(at_s, "read", DIALOG, USER, MESSAGE)], [put(each) for each in puts_s], [1.0, 2.0])


def figure(ours_us: float, *of_speeds: Taken) -> Figure:
    rounds = Rounds({OURS: lambda: ours_us, DEBOUNCING: lambda: 400.0})
    peer = taken(1.0, 3.0)
    return figure_of(Options(), {float(n): (rounds, {OURS: one, DEBOUNCING: peer}) for n, one in enumerate(of_speeds)})


def test_every_turn_plays_the_next_stretch_at_its_speed() -> None:
    found = stretches_of([arrival(float(second)) for second in range(200)], (1.0, 2.0), turn_s=10)
    assert [len(turn) for turn in found[1.0]] == [10] * TURNS
    assert [len(turn) for turn in found[2.0]] == [20] * TURNS
    assert [one.t_s for one in found[2.0][0][:3]] == [0.0, 0.5, 1.0]


def test_a_trace_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a trace of 60 s or more"):
        stretches_of([arrival(59.0)], (1.0,), turn_s=10)


def test_the_target_is_half_of_bullmq() -> None:
    assert [row.name for row in figure(200.0, taken(1.0, 3.0)).rows if row.missed] == []
    assert [row.name for row in figure(201.0, taken(1.0, 3.0)).rows if row.missed] == [
        "speed 0: ours / BullMQ debounce"
    ]


def test_a_receipt_of_ours_that_no_put_covered_is_a_fault() -> None:
    assert figure(200.0, taken(1.0, 3.0)).faults == []
    assert figure(200.0, taken(1.0, 3.0), taken(5.0)).faults == ["speed 1: ours: 1 receipts were covered by no PUT"]


def test_a_mark_whose_message_was_covered_at_an_earlier_speed_needs_no_put() -> None:
    first = taken(1.0, 3.0)
    covered_late = taken(5.0, 9.0)
    covered_late.recorded.append(Recorded(6.0, "read", DIALOG, USER))
    waits = [row.note for row in figure(200.0, first, covered_late).rows if row.name == "speed 1: ours"]
    assert "wait p50 3.0 s, max 4.0 s" in waits[0]
    covered_late.earlier = first
    waits = [row.note for row in figure(200.0, first, covered_late).rows if row.name == "speed 1: ours"]
    assert "wait p50 3.0 s, max 3.0 s" in waits[0]
