"""Sessions: how they are opened, how long they live, how they end."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tests.contract.facts.chat import Heard
from tests.contract.facts.fact import A, B, C, CannotTryError, DiffersError, equal, fact, hold
from tests.contract.facts.stage import Stage

FIELDS = {"_id", "id", "application_id", "user_id", "nonce", "token", "ts", "created_at", "updated_at"}
_HOUR_S, _TWO_HOURS_S, _TOLERATED_S = 3600, 7200, 120


@fact(A, "a signed request opens a session of a user, answered 201 with its fields")
def a_signed_request_opens_a_session(stage: Stage) -> None:
    reader, _ = stage.logins()
    heard = stage.open(stage.signed(reader))
    hold(heard.status == 201, heard.short)
    equal(FIELDS - set(heard.document["session"]), set())
    hold(heard.document["session"]["user_id"] == stage.reader.user_id, "another user's number")


@fact(C, "a login with an @ is an e-mail address")
def an_at_makes_an_address(stage: Stage) -> None:
    user = next((user for user in stage.logins() if "@" in user.login), None)
    if user is None:
        raise CannotTryError("neither login has an @")
    heard = stage.open(stage.signed(user))  # it signs `user[email]`
    hold(heard.is_good, heard.short)


@fact(A, "without a user the session's user_id is 0")
def a_session_without_a_user_has_user_0(stage: Stage) -> None:
    heard = stage.open(stage.signed(None))
    hold(heard.status == 201, heard.short)
    equal(heard.document["session"]["user_id"], 0)


@fact(A, "a wrong signature is refused")
def a_wrong_signature_is_refused(stage: Stage) -> str:
    reader, _ = stage.logins()
    heard = stage.open(stage.signed(reader) | {"signature": "0" * 40})
    hold(not heard.is_good, heard.short)
    return heard.short


@fact(A, "a timestamp more than an hour off is refused")
def an_old_timestamp_is_refused(stage: Stage) -> str:
    heard = _late(stage)
    hold(not heard.is_good, heard.short)
    return heard.short


@fact(B, "a timestamp more than an hour off is told `Bad timestamp`, with 422")
def an_old_timestamp_has_its_words(stage: Stage) -> None:
    heard = _late(stage)
    hold(heard.status == 422 and "Bad timestamp" in heard.said, heard.short)


def _late(stage: Stage) -> Heard:
    reader, _ = stage.logins()
    return stage.open(stage.signed(reader, int(time.time()) - _HOUR_S - 5 * 60))


@fact(A, "a nonce is refused the second time with one timestamp")
def a_nonce_counts_once(stage: Stage) -> str:
    reader, _ = stage.logins()
    request = stage.signed(reader)
    first = stage.open(request)
    hold(first.is_good, first.short)
    second = stage.open(request)
    hold(not second.is_good, second.short)
    return second.short


@fact(B, "QB-Token-ExpirationDate is written `2016-01-26 17:50:22 UTC`")
def the_end_is_written_with_spaces(stage: Stage) -> str:
    heard = _token_call(stage)
    written = str(heard.headers["QB-Token-ExpirationDate"])
    try:
        _end_of(heard)
    except ValueError:
        raise DiffersError(written) from None
    return written


@fact(A, "a session lives two hours")
def a_session_lives_two_hours(stage: Stage) -> str:
    heard = _token_call(stage)
    left_s = (_end_of(heard) - parsedate_to_datetime(heard.headers["Date"])).total_seconds()
    hold(abs(left_s - _TWO_HOURS_S) <= _TOLERATED_S, f"{left_s:.0f} s after this call")
    return f"{left_s:.0f} s"


@fact(A, "each request moves the end of its session")
def a_request_moves_the_end(stage: Stage) -> None:
    before = _end_of(_token_call(stage))
    time.sleep(1.1)  # the end is written in whole seconds, and time is what is asked about
    after = _end_of(_token_call(stage))
    hold(after > before, "it stays")


@fact(A, "a session that was destroyed is refused")
def a_destroyed_session_is_refused(stage: Stage) -> str:
    reader, _ = stage.logins()
    opened = stage.open(stage.signed(reader))
    hold(opened.is_good, opened.short)
    headers = {"QB-Token": opened.document["session"]["token"]}
    ended = stage.chat.call("DELETE", "/session.json", headers=headers)
    hold(ended.is_good, f"DELETE answered {ended.short}")
    heard = stage.chat.call("GET", "/chat/Dialog.json", headers=headers)
    equal(heard.status, 401)
    return heard.said


def _token_call(stage: Stage) -> Heard:
    stage.by_token(stage.reader)
    heard = stage.get("/chat/Dialog.json", limit="1")
    if "QB-Token-ExpirationDate" not in heard.headers or "Date" not in heard.headers:
        raise CannotTryError("the answer does not say when the session ends")
    return heard


def _end_of(heard: Heard) -> datetime:
    return datetime.strptime(heard.headers["QB-Token-ExpirationDate"], "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
