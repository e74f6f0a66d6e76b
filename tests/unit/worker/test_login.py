"""What an answer to a login means, by itself; over sockets: tests/integration/session."""

from __future__ import annotations

import json

import pytest

from worker.chat_api import Answer
from worker.login import LIFETIME_S, Opened, Refused, lifetime_s, verdict_of
from worker.verdicts import Throttled, Unavailable

NOW = "Tue, 26 Jan 2016 17:40:22 GMT"
NOW_S = 1453830022
# As in docs.quickblox.com/reference/create-session, with a user.
DOCUMENTED = {
    "session": {
        "application_id": 76730,
        "created_at": "2019-09-01T14:55:56Z",
        "id": 1151827623,
        "nonce": 7334,
        "token": "c56f382b402fb482086db956064592d3cd012bba",
        "ts": 1567349756,
        "updated_at": "2019-09-01T14:55:56Z",
        "user_id": 123,
        "_id": "1151827623",
    }
}


def test_the_documented_answer_is_a_session() -> None:
    verdict = verdict_of(Answer(201, {}, json.dumps(DOCUMENTED).encode()), NOW_S)
    assert verdict == Opened("c56f382b402fb482086db956064592d3cd012bba", 123, LIFETIME_S)
    assert "c56f" not in repr(verdict)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_other_4xx_refuse_and_tell_how_far_the_clock_is_off(status: int) -> None:
    assert verdict_of(Answer(status, {"Date": NOW}, b""), NOW_S - 5000) == Refused(status, 5000)
    assert verdict_of(Answer(status, {"Date": "today"}, b""), NOW_S) == Refused(status, None)
    assert verdict_of(Answer(status, {}, b""), NOW_S) == Refused(status, None)


def test_429_waits_as_long_as_it_says() -> None:
    assert verdict_of(Answer(429, {"Retry-After": "3"}, b""), NOW_S) == Throttled(3)


@pytest.mark.parametrize("status", [302, 408, 500, 502, 503])
def test_the_rest_is_no_answer(status: int) -> None:
    assert isinstance(verdict_of(Answer(status, {}, b""), NOW_S), Unavailable)


@pytest.mark.parametrize(
    ("ends", "seconds"),
    [
        ("2016-01-26 17:50:22 UTC", 600),
        ("2016-01-26 19:40:22 UTC", 7200),
        ("2016-01-27 17:40:22 UTC", 7200),  # longer than documented: renewing early costs one call
        ("2016-01-26 17:40:22 UTC", 7200),
        ("2015-01-26 17:40:22 UTC", 7200),
        ("2016-01-26T17:50:22Z", 7200),
        ("", 7200),
    ],
)
def test_a_session_lives_as_long_as_the_api_says_by_its_own_clock(ends: str, seconds: float) -> None:
    assert lifetime_s({"QB-Token-ExpirationDate": ends, "Date": NOW}) == seconds


def test_without_the_apis_own_date_its_end_says_nothing() -> None:
    assert lifetime_s({"QB-Token-ExpirationDate": "2016-01-26 17:50:22 UTC"}) == LIFETIME_S
