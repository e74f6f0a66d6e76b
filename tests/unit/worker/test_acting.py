from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.worker.examples import PATIENCE, TOKEN, edit_claim, mark_claim, message_id, put
from worker.acting import outcome_of
from worker.ledger import Again, Dead, Done, Part
from worker.plan import Put
from worker.verdicts import Rejected, Sent, Throttled, Unauthorized, Unavailable, Unsent, Verdict

MARKED = mark_claim(read_all=1)
A, B, C = message_id(1), message_id(2), message_id(3)
WHOLE = put(flags="rd")
LIST = put(message_ids=(A, B, C), flags="r")
ONE = put(message_ids=(A,), flags="d")
EDIT = put(message_ids=(A,), flags="", text="updated message")
RETRY_MAX_MS = 60_000


@pytest.mark.parametrize(
    ("sent", "part"),
    [(WHOLE, Part("rd")), (LIST, Part("r", (A, B, C))), (ONE, Part("d", (A,))), (EDIT, Part())],
)
def test_sent_is_done_for_what_the_put_carried(sent: Put, part: Part) -> None:
    assert outcome_of(Sent(), sent, MARKED, PATIENCE, 0.5) == Done(part)


# Rejected -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_rejected_is_dead_with_the_apis_words(status: int) -> None:
    verdict = Rejected(status, "The resource wasn't found", "request-1")
    assert outcome_of(verdict, ONE, MARKED, PATIENCE, 0.5) == Dead(
        f"rejected: status {status}",
        "rejected",
        part=Part("d", (A,)),
        status=status,
        words="The resource wasn't found",
        request_id="request-1",
    )


@pytest.mark.parametrize(("sent", "part"), [(WHOLE, Part("rd")), (EDIT, Part())])
def test_rejected_buries_only_what_the_put_carried(sent: Put, part: Part) -> None:
    outcome = outcome_of(Rejected(404, "", ""), sent, MARKED, PATIENCE, 0.5)
    assert isinstance(outcome, Dead)
    assert outcome.part == part


@pytest.mark.parametrize(("length", "half"), [(2, 1), (3, 1), (4, 2), (50, 25)])
def test_a_rejected_list_is_halved_and_costs_nothing(length: int, half: int) -> None:
    ids = tuple(message_id(n) for n in range(length))
    outcome = outcome_of(Rejected(404, "words", "id"), put(message_ids=ids), MARKED, PATIENCE, 0.5)
    assert outcome == Again("list rejected: status 404", "rejected", list_limit=half)


# Throttled ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked_s", "hold_ms"), [(0.05, 50), (1, 1000), (59.9994, 59_999), (60, 60_000), (61, 60_000), (1e12, 60_000)]
)
def test_throttled_holds_as_long_as_asked_within_bounds(asked_s: float, hold_ms: int) -> None:
    assert outcome_of(Throttled(asked_s), WHOLE, MARKED, PATIENCE, 0.9) == Again(
        "throttled", "throttled", hold_ms=hold_ms
    )


@pytest.mark.parametrize("asked_s", [None, 0, 0.049])
def test_throttled_without_a_time_leaves_the_hold_to_the_law_of_the_pace(asked_s: float | None) -> None:
    assert outcome_of(Throttled(asked_s), WHOLE, MARKED, PATIENCE, 0.5) == Again("throttled", "throttled")


def test_throttled_costs_no_attempt_whatever_the_past() -> None:
    outcome = outcome_of(Throttled(None), WHOLE, mark_claim(attempts=9), PATIENCE, 0.5)
    assert isinstance(outcome, Again)
    assert (outcome.costs_attempt, outcome.delay_ms) == (False, 0)


# Unavailable ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("attempts", "delay_ms"), [(0, 500), (1, 1000), (4, 8000), (20, 150_000), (10**6, 150_000)])
def test_unavailable_backs_off_and_costs_an_attempt(attempts: int, delay_ms: int) -> None:
    for claim in (mark_claim(attempts=attempts), edit_claim(attempts=attempts)):
        outcome = outcome_of(Unavailable("status 503"), WHOLE, claim, PATIENCE, 0.5)
        assert outcome == Again("status 503", "unavailable", delay_ms=delay_ms, costs_attempt=True, in_doubt=True)


@pytest.mark.parametrize(("asked_s", "delay_ms"), [(0, 500), (0.1, 500), (20, 20_000), (1e12, RETRY_MAX_MS)])
def test_unavailable_waits_at_least_as_long_as_asked_within_bounds(asked_s: float, delay_ms: int) -> None:
    outcome = outcome_of(Unavailable("status 503", asked_s), WHOLE, MARKED, PATIENCE, 0.5)
    assert outcome == Again("status 503", "unavailable", delay_ms=delay_ms, costs_attempt=True, in_doubt=True)


def test_unavailable_holds_no_one_else() -> None:
    outcome = outcome_of(Unavailable("no answer: ReadTimeout"), WHOLE, MARKED, PATIENCE, 0.5)
    assert isinstance(outcome, Again)
    assert outcome.hold_ms == 0


# Unauthorized ---------------------------------------------------------------------------------------------------


def test_a_refused_api_key_holds_its_application_and_costs_no_attempt() -> None:
    outcome = outcome_of(Unauthorized("the API key was refused"), WHOLE, MARKED, PATIENCE, 0.5)
    assert outcome == Again("the API key was refused", "unauthorized", hold_ms=30_000)


def test_a_refused_token_waits_for_another_one_alone() -> None:
    outcome = outcome_of(Unauthorized("refused"), replace(WHOLE, token=TOKEN), MARKED, PATIENCE, 0.5)
    assert outcome == Again("refused", "unauthorized", wants_token=True)


@pytest.mark.parametrize(("random01", "delay_ms"), [(0.0, 15_000), (0.5, 22_500), (0.9999, 29_998)])
def test_a_missing_api_key_holds_no_one_who_brings_a_token(random01: float, delay_ms: int) -> None:
    outcome = outcome_of(Unauthorized("none", configured=False), WHOLE, MARKED, PATIENCE, random01)
    assert outcome == Again("none", "", delay_ms=delay_ms, wants_token=True)


def test_a_refused_service_session_waits_for_another_and_costs_no_attempt() -> None:
    outcome = outcome_of(Unauthorized("refused", again_s=4.0), replace(WHOLE, token=TOKEN), MARKED, PATIENCE, 0.5)
    assert outcome == Again("refused", "unauthorized", delay_ms=4000)


# Unsent ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("again_s", "delay_ms"), [(0.0, 1), (0.25, 250), (30.0, 30_000)])
def test_what_was_not_sent_is_no_call_and_no_attempt(again_s: float, delay_ms: int) -> None:
    assert outcome_of(Unsent("none", again_s), WHOLE, MARKED, PATIENCE, 0.5) == Again("none", "", delay_ms=delay_ms)


@pytest.mark.parametrize("login", ["logged_in", "login_refused", "unavailable"])
def test_a_login_in_its_place_is_a_call_that_the_pace_hears_of(login: str) -> None:
    assert outcome_of(Unsent("none", 1.0, login), WHOLE, MARKED, PATIENCE, 0.5) == Again("none", login, delay_ms=1000)


# All ------------------------------------------------------------------------------------------------------------

waits_s = st.none() | st.floats(0, 1e15)
verdicts = st.one_of(
    st.just(Sent()),
    st.builds(Rejected, st.integers(400, 499), st.text(max_size=5), st.text(max_size=5)),
    st.builds(Throttled, waits_s),
    st.builds(Unavailable, st.just("status 503"), waits_s),
    st.builds(Unauthorized, st.just("refused"), st.booleans()),
)


@given(
    verdicts,
    st.sampled_from([WHOLE, LIST, ONE, EDIT, replace(WHOLE, token=TOKEN)]),
    st.integers(0, 10**6),
    st.floats(0, 1, exclude_max=True),
)
def test_no_verdict_makes_a_wait_that_is_endless_or_below_zero(
    verdict: Verdict, sent: Put, attempts: int, random01: float
) -> None:
    outcome = outcome_of(verdict, sent, mark_claim(attempts=attempts), PATIENCE, random01)
    if isinstance(outcome, Again):
        assert 0 <= outcome.delay_ms <= PATIENCE.backoff_cap_s * 1000
        assert 0 <= outcome.hold_ms <= max(RETRY_MAX_MS, PATIENCE.unauthorized_hold_s * 1000)
        assert outcome.list_limit is None or outcome.list_limit >= 1
