"""The capped figure, from hand-made recordings and journals."""

from dataclasses import replace

import pytest

from bench.capped import Evidence, figure_of
from bench.figure import Figure
from bench.options import Options
from bench.playing import Played, recorded_of
from sandbox.client import Call
from traffic.arrivals import Arrival

D, M = "d" * 24, "a" * 24
USERS = range(5)
ARRIVALS = [Arrival(0.0, "read", D, user, M, 0) for user in USERS]
OPTIONS = Options(rate_per_s=2.0)
START_S = 1_000.0


def call(user: int, arrived_s: float) -> Call:
    body = f'{{"chat_dialog_id": "{D}", "read": "1"}}'
    at = START_S + arrived_s
    return Call(user, at, at, "PUT", "/chat/Message.json", "", {}, body, 200, applied=True, applied_at=at, user_id=user)


def evidence(*arrived_s: float) -> Evidence:
    played = Played([recorded_of(one, START_S + one.t_s, names=True) for one in ARRIVALS], [0.0] * 5, [0.001] * 5)
    calls = [call(user, at_s) for user, at_s in zip(USERS, arrived_s, strict=False)]
    return Evidence(played, calls, {"peak_per_s": 2}, {"handed_back": 3}, 0.1, [])


AS_THE_ORACLE = evidence(0.0, 0.5, 1.0, 1.5, 2.0)


def figure(found: Evidence) -> Figure:
    return figure_of(OPTIONS, ARRIVALS, found)


def values(of: Figure) -> dict[str, float]:
    return {row.name: row.value for row in of.rows}


def missed(of: Figure) -> list[str]:
    return [row.name for row in of.rows if row.missed]


def test_who_does_as_the_oracle_has_its_waits() -> None:
    found = figure(AS_THE_ORACLE)
    assert values(found)["wait mean / the oracle's"] == 1
    assert values(found)["wait max"] == 2
    assert (values(found)["calls a second"], values(found)["handed back unsent"]) == (2, 3)
    assert (found.faults, missed(found)) == ([], [])


def test_calls_not_used_and_all_else_are_told_apart() -> None:
    slower = values(figure(evidence(0.0, 1.0, 2.0, 3.0, 4.0)))
    assert slower["wait mean / the oracle's"] == 2
    assert (slower["of it by calls not used"], slower["of it by all else"]) == (2, 1)
    later = values(figure(evidence(1.0, 1.5, 2.0, 2.5, 3.0)))
    assert later["wait mean / the oracle's"] == 2
    assert (later["of it by calls not used"], later["of it by all else"]) == (1, 2)


def test_a_wait_above_the_target_and_a_call_above_the_rate_are_missed() -> None:
    assert missed(figure(evidence(0.2, 0.7, 1.2, 1.7, 2.2))) == ["wait mean / the oracle's"]
    assert missed(figure(replace(AS_THE_ORACLE, counts={"peak_per_s": 3}))) == ["calls in the busiest second"]


def recorded_at(*seconds: float) -> Played:
    played = AS_THE_ORACLE.played
    late = [replace(one, recorded_s=START_S + at_s) for one, at_s in zip(played.recorded, seconds, strict=True)]
    return replace(played, recorded=late)


def test_the_oracle_is_given_the_times_of_the_recordings() -> None:
    found = values(figure(replace(AS_THE_ORACLE, played=recorded_at(0.0, 0.0, 1.0, 1.0, 2.0))))
    assert (found["wait mean"], found["wait mean / the oracle's"]) == (0.2, 1)


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (replace(AS_THE_ORACLE, played=replace(AS_THE_ORACLE.played, late_s=[1.2] * 5)), "the player fell behind"),
        (replace(AS_THE_ORACLE, sandbox_busy=0.9), "the sandbox was at its end"),
        (replace(AS_THE_ORACLE, complaints=["2 receipts are dead"]), "2 receipts are dead"),
        (replace(AS_THE_ORACLE, played=recorded_at(0.0, 0.5, 1.0, 1.5, 2.0)), "the oracle has nobody wait"),
        (evidence(0.0, 0.5, 1.0, 1.5), "1 receipts were covered by no PUT"),
    ],
)
def test_a_run_that_is_worth_nothing_reports_no_waits(found: Evidence, fault: str) -> None:
    refused = figure(found)
    assert [one for one in refused.faults if one.startswith(fault)]
    assert not [name for name in values(refused) if name.startswith("wait")]
