"""Which PUTs an incident excuses, and how many: those of its victims that were in flight while it lasted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.incidents import AFTERMATH_S, Incident, duplicates_at_most, struck_share, unexplained
from tests.chaos.puts import Put
from tests.chaos.town import dialog_id
from traffic.evidence import Accepted

PAUSE = Incident("worker 1 paused", frozenset({1}), in_flight=2, began_s=100.0, ended_s=104.0)


def _put(arrived_s: float, ended_s: float | None = None, *, port: int = 1, status: int | None = 200) -> Put:
    said = Accepted(arrived_s, dialog_id(1), 101, read=True)
    return Put(said, arrived_s + 0.04 if ended_s is None else ended_s, status, applied=True, port=port)


@pytest.mark.parametrize(
    ("put", "struck"),
    [
        (_put(99.0), True),  # answered, perhaps not settled yet
        (_put(98.0), False),  # settled long before
        (_put(97.0, 99.0), True),  # was under way for long
        (_put(103.0), True),
        (_put(104.2 + AFTERMATH_S), True),  # claimed before it was found out that a connection is dead
        (_put(104.8 + AFTERMATH_S), False),
        (_put(102.0, port=2), False),  # another worker's
    ],
)
def test_what_was_in_flight_by_a_victim_is_struck(put: Put, *, struck: bool) -> None:
    assert PAUSE.struck(put) is struck
    duplicate = _put(120.0)
    assert unexplained([(put, duplicate)], [PAUSE]) == ([] if struck else [(put, duplicate)])


def test_a_killed_process_strikes_nothing_that_began_later() -> None:
    kill = replace(PAUSE, began_s=100.0, ended_s=100.0, aftermath_s=0.0)
    assert [kill.struck(_put(at_s)) for at_s in (99.0, 100.4, 100.6)] == [True, True, False]
    assert struck_share([_put(99.0), _put(103.0), _put(104.0, status=None)], [kill]) == 0.5


def test_what_nobody_heard_of_is_explained_without_any_incident() -> None:
    assert unexplained([(_put(50.0, status=None), _put(55.0))], []) == []


def test_an_incident_bounds_by_what_was_in_flight_and_by_what_it_struck() -> None:
    several = [_put(100.0 + n) for n in range(3)]
    assert duplicates_at_most(several, [PAUSE]) == 2
    assert duplicates_at_most(several[:1], [PAUSE]) == 1
    assert duplicates_at_most([_put(90.0), *several], [PAUSE, PAUSE]) == 4
    assert duplicates_at_most([_put(100.0, port=2), replace(_put(100.0), applied=False)], [PAUSE]) == 0


def test_each_put_that_nobody_heard_of_adds_one() -> None:
    assert duplicates_at_most([_put(50.0, status=None), _put(60.0), _put(90.0, status=None)], []) == 2


def test_a_long_call_is_found_though_many_arrived_behind_it() -> None:
    later = [_put(50.0 + n / 100) for n in range(100)]
    assert duplicates_at_most([_put(20.0, 99.9), *later], [PAUSE]) == 1


def test_it_ends_once() -> None:
    incident = Incident("killed: whole worker", frozenset({1}), in_flight=1)
    assert incident.began_s < incident.ended_s == float("inf")
    incident.end()
    ended_s = incident.ended_s
    incident.end()
    assert incident.began_s <= incident.ended_s == ended_s < float("inf")
