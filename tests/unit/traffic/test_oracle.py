import runpy
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traffic.arrivals import Arrival, Kind
from traffic.busy_chat import busy_chat
from traffic.oracle import fewest_puts
from traffic.recorded import load

TRACES = Path(__file__).parents[4] / "shared" / "traces"
TRACE = TRACES / "chat-arrivals-2019-2022.csv.gz"
D1, D2 = "d" * 24, "e" * 24
M1, M2 = "a" * 24, "b" * 24


def arrival(t_s: float, kind: Kind = "read", dialog: str = D1, user: int = 1, message: str = M1) -> Arrival:
    return Arrival(t_s, kind, dialog, user, message, 0)


def can_share_a_put(one: Arrival, other: Arrival) -> bool:
    if (one.kind == "edit") != (other.kind == "edit") or one.dialog != other.dialog:
        return False
    return one.message == other.message if one.kind == "edit" else one.user == other.user


def covers(put: tuple[Arrival, int], receipt: Arrival, window_s: int) -> bool:
    for_whom, sent_s = put
    return can_share_a_put(for_whom, receipt) and receipt.t_s <= sent_s <= receipt.t_s + window_s


def fewest_by_trying_everything(receipts: list[Arrival], window_s: int, horizon_s: int) -> int:
    puts = [(receipt, sent_s) for receipt in receipts for sent_s in range(horizon_s)]
    for size in range(len(receipts) + 1):
        for chosen in combinations(puts, size):
            if all(any(covers(put, receipt, window_s) for put in chosen) for receipt in receipts):
                return size
    raise AssertionError("one PUT for each receipt is always enough")


few_arrivals = st.lists(
    st.builds(
        arrival,
        t_s=st.integers(0, 5),
        kind=st.sampled_from(["read", "delivered", "edit"]),
        dialog=st.sampled_from([D1, D2]),
        user=st.integers(1, 2),
        message=st.sampled_from([M1, M2]),
    ),
    max_size=4,
)


@given(receipts=few_arrivals, window_s=st.integers(0, 3))
def test_no_schedule_at_all_is_better(receipts: list[Arrival], window_s: int) -> None:
    assert fewest_puts(receipts, window_s) == fewest_by_trying_everything(receipts, window_s, horizon_s=9)


@given(times_s=st.lists(st.integers(0, 9), min_size=5, max_size=7), window_s=st.integers(0, 4))
def test_no_schedule_of_one_dialog_is_better(times_s: list[int], window_s: int) -> None:
    receipts = [arrival(t_s) for t_s in times_s]
    distinct = [arrival(t_s) for t_s in sorted(set(times_s))]
    deadlines = [(receipt, int(receipt.t_s) + window_s) for receipt in distinct]
    fewest = next(
        size
        for size in range(1, 11)
        for chosen in combinations(deadlines, size)
        if all(any(covers(put, receipt, window_s) for put in chosen) for receipt in receipts)
    )
    assert fewest_puts(receipts, window_s) == fewest


def test_a_receipt_exactly_at_the_deadline_is_still_covered() -> None:
    assert fewest_puts([arrival(0.0), arrival(2.0)], 2.0) == 1
    assert fewest_puts([arrival(0.0), arrival(2.001)], 2.0) == 2


def test_read_and_delivered_travel_together_but_edits_alone() -> None:
    assert fewest_puts([arrival(0.0, "read"), arrival(0.1, "delivered", message=M2)], 1.0) == 1
    assert fewest_puts([arrival(0.0, "read"), arrival(0.1, "edit")], 1.0) == 2
    assert fewest_puts([arrival(0.0, "edit", user=1), arrival(0.1, "edit", user=2)], 1.0) == 1


def test_nothing_needs_no_put() -> None:
    assert fewest_puts([], 1.0) == 0


@pytest.mark.skipif(not TRACE.exists(), reason="the recorded trace is not beside the project")
@pytest.mark.parametrize("window_s", [0.25, 2.0, 10.0])
def test_agrees_with_the_yardstick_that_lies_beside_the_trace(window_s: float) -> None:
    theirs = runpy.run_path(str(TRACES / "oracle.py"))
    expected = theirs["fewest_puts"](list(theirs["load"](TRACE, 3.0)), window_s)
    assert fewest_puts(load(TRACE, speed=3.0), window_s) == expected


@pytest.mark.skipif(not TRACE.exists(), reason="the recorded trace is not beside the project")
def test_a_made_up_day_coalesces_like_the_recorded_trace() -> None:
    recorded = load(TRACE)
    day = busy_chat(seed=1, receipts=len(recorded), duration_s=recorded[-1].t_s)
    share_recorded = fewest_puts(recorded, 2.0) / len(recorded)
    share_made_up = fewest_puts(day.arrivals, 2.0) / len(day.arrivals)
    assert share_made_up == pytest.approx(share_recorded, rel=0.1)
