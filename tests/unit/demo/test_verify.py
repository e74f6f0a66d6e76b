from dataclasses import replace

import pytest

from demo.accounts import Accounts
from demo.chat_state import ExpectedMessage
from demo.verify import CHECKS, Evidence, peak_per_s, verify
from demo.weather import Past
from sandbox.client import Call
from tests.unit.demo.examples import M1, D, edit, edit_put, mark, mark_put
from traffic.waits import Fates, fates_of

RIGHT = Evidence(
    expected={M1: ExpectedMessage(D, "last", frozenset({1}), frozenset({1, 2}))},
    documents=[{"_id": M1, "message": "last", "read_ids": [1], "delivered_ids": [1, 2]}],
    puts=[mark_put(1.0), edit_put(1.0, 1), mark_put(2.0)],
    strange=[],
    past=[Past("rain", 10.0, 20.0)],
    cap_per_s=3,
    fates=Fates(),
    recorded=9,
    jobs=1,
    accounts=Accounts(recorded=10, covered=10),
)


def complaints(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    return {finding.promise: finding.cases for finding in verify(evidence) if finding.cases}


def the_complaint(evidence: Evidence) -> str:
    """The only one; any further would be a check that is not about what is wrong."""
    ((case,),) = complaints(evidence).values()
    return case


def test_nothing_speaks_against_a_run_that_went_right() -> None:
    assert complaints(RIGHT) == {}
    assert len(verify(RIGHT)) == len(CHECKS)


def test_a_missing_reader() -> None:
    documents = [dict(RIGHT.documents[0]) | {"read_ids": []}]
    assert f"dialog {D}: not marked read by user 1" in the_complaint(replace(RIGHT, documents=documents))


def test_someone_too_many() -> None:
    documents = [dict(RIGHT.documents[0]) | {"delivered_ids": [1, 2, 3]}]
    assert f"dialog {D}: wrongly marked delivered by user 3" in the_complaint(replace(RIGHT, documents=documents))


def test_a_wrong_text() -> None:
    documents = [dict(RIGHT.documents[0]) | {"message": "first"}]
    assert the_complaint(replace(RIGHT, documents=documents)).endswith("expected 'last', found 'first'")


def test_a_message_that_has_gone() -> None:
    assert the_complaint(replace(RIGHT, documents=[])) == f"message {M1}: it has gone"


def test_a_receipt_without_a_put() -> None:
    complaint = the_complaint(replace(RIGHT, fates=fates_of([mark(5.0)], [])))
    assert f"dialog {D}, user 1: read for message {M1}, recorded at 5.000" in complaint


def test_an_edit_that_went_backwards() -> None:
    puts = [put.accepted for put in (edit_put(2.0, 2), edit_put(3.0, 1)) if put.accepted]
    complaint = the_complaint(replace(RIGHT, fates=fates_of([edit(1.0, 1), edit(1.0, 2)], puts)))
    assert f"dialog {D}, message {M1}: a PUT that arrived at 3.000 brought 'text 1'" in complaint


def test_edits_in_their_order_are_as_they_should_be() -> None:
    puts = [put.accepted for put in (edit_put(2.0, 1), edit_put(3.0, 2)) if put.accepted]
    assert complaints(replace(RIGHT, fates=fates_of([edit(1.0, 1), edit(1.0, 2)], puts))) == {}


@pytest.mark.parametrize("jobs", [0, 2])
def test_a_job_that_was_not_recorded_or_never_sent(jobs: int) -> None:
    accounts = replace(RIGHT.accounts, recorded=10, covered=10)
    assert f"beat sent its job {jobs} time(s)" in the_complaint(replace(RIGHT, jobs=jobs, accounts=accounts))


def test_beat_that_never_ran_is_wrong_even_if_nothing_was_recorded() -> None:
    accounts = replace(RIGHT.accounts, recorded=9, covered=9)
    assert "beat sent its job 0 time(s)" in the_complaint(replace(RIGHT, jobs=0, accounts=accounts))


def test_accounts_that_do_not_balance() -> None:
    accounts = replace(RIGHT.accounts, covered=9)
    expected = "recorded 10, but covered 9 + dead 0 + pending 0 + in flight 0 = 9"
    assert the_complaint(replace(RIGHT, accounts=accounts)) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (Accounts(recorded=10, covered=9, pending=1), "pending: 1"),
        (Accounts(recorded=10, covered=9, in_flight=1), "in flight: 1"),
        (Accounts(recorded=10, covered=10, slots_waiting=1), "slots waiting: 1"),
    ],
)
def test_something_left_in_the_ledger(left: Accounts, expected: str) -> None:
    assert the_complaint(replace(RIGHT, accounts=left)) == expected


def test_a_slot_that_was_set_aside() -> None:
    assert the_complaint(replace(RIGHT, set_aside=["m:d:u1: no slot"])) == "set aside: m:d:u1: no slot"


def test_a_dead_letter() -> None:
    dead = replace(RIGHT, accounts=Accounts(recorded=10, covered=9, dead=1), dead=["m:d:u1: rejected"])
    assert the_complaint(dead) == "m:d:u1: rejected"


def test_a_dead_receipt_without_a_letter() -> None:
    assert "no letter" in the_complaint(replace(RIGHT, accounts=Accounts(recorded=10, covered=9, dead=1)))


def test_more_calls_than_the_plan_allows() -> None:
    puts = [mark_put(1.0 + user / 10, user=user) for user in range(4)]
    assert "4 calls within the second before 1.300" in the_complaint(replace(RIGHT, puts=puts))


@pytest.mark.parametrize("status", [429, 503, 404, None])
def test_a_refused_call_in_fair_weather(status: int | None) -> None:
    complaint = the_complaint(replace(RIGHT, puts=[mark_put(9.9, status=status)]))
    assert f"dialog {D}, user 1: a PUT that arrived at 9.900 was answered {status or 'not at all'}" == complaint


@pytest.mark.parametrize("status", [429, 503, None])
def test_a_refused_call_in_bad_weather_is_as_it_should_be(status: int | None) -> None:
    assert complaints(replace(RIGHT, puts=[mark_put(10.0, status=status)])) == {}


def test_two_calls_of_a_slot_at_once() -> None:
    puts = [mark_put(1.0, ended_s=1.5), mark_put(1.2, user=2), mark_put(1.4)]
    assert the_complaint(replace(RIGHT, puts=puts)) == (
        f"dialog {D}, user 1: a PUT arrived at 1.400, while that of 1.000 was open until 1.500"
    )


def test_a_call_beside_one_that_never_ended() -> None:
    puts = [mark_put(1.0, ended_s=None), mark_put(1.4)]
    assert the_complaint(replace(RIGHT, puts=puts)).endswith("still open")


def test_calls_of_a_slot_one_after_the_other_are_as_they_should_be() -> None:
    assert complaints(replace(RIGHT, puts=[mark_put(1.0, ended_s=1.4), mark_put(1.4)])) == {}


def test_a_call_that_nobody_can_have_caused() -> None:
    call = Call(1, 1.0, 2.0, "GET", "/chat/Dialog.json", "", {}, "", 200, applied=False, applied_at=None, user_id=1)
    assert the_complaint(replace(RIGHT, strange=[call])) == "GET /chat/Dialog.json, arrived at 1.000"


def test_the_busiest_second_is_found_wherever_it_begins() -> None:
    assert peak_per_s([0.0, 0.9, 1.0, 1.5, 1.8, 5.0]) == (4, 1.8)
    assert peak_per_s([0.0, 0.9, 1.0]) == (2, 0.9)  # a second does not hold its own end
    assert peak_per_s([]) == (0, 0.0)
