"""What may go wrong with a login: how long nobody asks again, who is told, and that it ends by itself."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.contract.scripted_server import OK_EMPTY, Request, Script, reset
from tests.integration.session.stage import (
    ANN,
    DIALOG,
    HOLD_S,
    LOCK,
    OTHER,
    PUT,
    USER,
    Stage,
    answer,
    opened,
    session_of,
)
from tests.running import until
from worker.plan import Put
from worker.session_store import Lent
from worker.verdicts import Sent, Throttled, Unauthorized, Unsent

SIGNED_WRONG = b'{"errors":{"base":["Unexpected signature"]}}'
REFUSED = answer(401)
GARBAGE = {
    "no JSON": answer(201, b"<html>welcome</html>"),
    "empty": answer(200),
    "null": answer(201, b"null"),
    "a list": answer(201, b"[]"),
    "no session": answer(201, b"{}"),
    "a session that is a text": answer(201, b'{"session":"mine"}'),
    "no user": opened(user_id=0),
    "a user that is none": opened(user_id="123"),
    "an empty token": opened(""),
    "a token that is no header": opened("two\r\nlines"),
    "deep": answer(201, b"[" * 8000),
    "not UTF-8": answer(201, b"\xff\xfe"),
}


@pytest.fixture(autouse=True)
def every_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "worker")


def waits_s(verdict: object) -> float:
    assert isinstance(verdict, Unsent)
    return verdict.again_s


# Refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [answer(401), answer(403), answer(404), answer(422, SIGNED_WRONG)])
def test_a_refused_login_is_not_tried_again_for_the_hold_and_is_one_alert(
    stage: Stage, caplog: pytest.LogCaptureFixture, raw: bytes
) -> None:
    stage.script(raw)
    assert waits_s(stage.session.send(PUT)) == HOLD_S
    assert all(HOLD_S - 5 < waits_s(stage.worker().send(PUT)) <= HOLD_S for _ in range(3))
    stage.pass_("next_ms")
    assert waits_s(stage.worker().send(PUT)) == HOLD_S
    assert len(stage.logins()) == 2
    (line,) = caplog.records
    assert line.levelno == logging.ERROR
    assert "the login is refused: application=default reason=refused: status 4" in line.getMessage()


def test_it_resumes_by_itself_and_says_so_once(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.script(REFUSED, opened())
    stage.session.send(PUT)
    stage.pass_("next_ms")
    assert [type(stage.session.send(PUT)) for _ in range(3)] == [Unsent, Sent, Sent]
    assert [line.levelno for line in caplog.records] == [logging.ERROR, logging.WARNING]
    assert "again" in caplog.records[1].getMessage()


def test_a_refused_renewal_lets_the_old_session_serve_to_its_end(stage: Stage) -> None:
    stage.session.send(PUT)
    stage.pass_("renew_ms")
    stage.script(REFUSED)
    assert waits_s(stage.session.send(PUT)) == HOLD_S  # this one's call went into the login
    assert [stage.session.send(PUT) for _ in range(3)] == [Sent()] * 3
    assert len(stage.logins()) == 2


def test_a_refused_token_does_not_end_the_hold(stage: Stage) -> None:
    stage.session.send(PUT)
    stage.pass_("renew_ms")
    stage.script(REFUSED, puts=(REFUSED,))
    stage.session.send(PUT)
    verdict = stage.session.send(PUT)
    assert isinstance(verdict, Unauthorized)
    assert verdict.again_s is not None
    assert HOLD_S - 5 < verdict.again_s <= HOLD_S
    assert HOLD_S - 5 < waits_s(stage.session.send(PUT)) <= HOLD_S
    assert len(stage.logins()) == 2


# No answer, or none that helps ------------------------------------------------------------------------------------


def cut(connection: socket.socket, request: Request | None) -> bool:
    if request is not None:
        reset(connection)
    return True


def hang(stage: Stage) -> Script:
    return stage.server.hang


@pytest.mark.parametrize(
    "raw", [*GARBAGE.values(), answer(302, b"", "Location: /x"), answer(408), answer(500), answer(503, b"<html>")]
)
def test_what_is_no_session_is_tried_again_later(stage: Stage, caplog: pytest.LogCaptureFixture, raw: bytes) -> None:
    stage.script(raw)
    _fails_and_recovers(stage, caplog)


@pytest.mark.parametrize("script", [lambda _: cut, hang], ids=["reset", "hangs"])
def test_no_answer_is_tried_again_later(
    stage: Stage, caplog: pytest.LogCaptureFixture, script: Callable[[Stage], Script]
) -> None:
    stage.session = stage.worker(read_timeout_s=0.2)
    stage.server.script = script(stage)
    _fails_and_recovers(stage, caplog)


def _fails_and_recovers(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    assert 0.5 <= waits_s(stage.session.send(PUT)) <= 1
    assert 0 < waits_s(stage.session.send(PUT)) <= 1
    assert len(stage.logins()) == 1
    assert not stage.redis.exists(LOCK)
    stage.script(opened())
    stage.pass_("next_ms")
    assert [type(stage.session.send(PUT)) for _ in range(2)] == [Unsent, Sent]
    assert [line.levelno for line in caplog.records] == [logging.WARNING] * 2


def test_a_login_that_hangs_ends_when_the_worker_must_stop(stage: Stage) -> None:
    session = stage.worker(read_timeout_s=60)
    stage.server.script = stage.server.hang
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(session.send, PUT)
        until(lambda: session.end_all() == 1, "the login under way ended")
        assert waits_s(sending.result(30)) <= 1
    assert not stage.redis.exists(LOCK)


def test_the_wait_doubles_up_to_a_minute_in_one_outage(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.script(answer(503))
    waited = []
    for _ in range(9):
        waited.append(waits_s(stage.session.send(PUT)))
        stage.pass_("next_ms")
    doubled = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert all(full / 2 <= each <= full for each, full in zip(waited, doubled, strict=True))
    assert len(caplog.records) == 1


def test_a_throttled_login_is_the_applications_matter(stage: Stage) -> None:
    stage.script(answer(429, b"", "Retry-After: 7"))
    assert stage.session.send(PUT) == Throttled(7)
    assert not stage.redis.exists(LOCK)
    assert 0 < waits_s(stage.session.send(PUT)) <= 1


def test_sessions_that_are_refused_as_soon_as_they_are_made_are_made_ever_less_often(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.script(puts=(REFUSED,))
    waited = []
    for _ in range(9):
        assert isinstance(stage.session.send(PUT), Unsent)
        verdict = stage.session.send(PUT)
        assert isinstance(verdict, Unauthorized)
        waited.append(verdict.again_s)
        if verdict.again_s:
            assert 0 < waits_s(stage.session.send(PUT)) <= verdict.again_s
        stage.pass_("next_ms")
    assert len(stage.logins()) == 9
    assert waited == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert [line.levelno for line in caplog.records] == [logging.WARNING, logging.WARNING, logging.ERROR]


# The clock --------------------------------------------------------------------------------------------------------


def test_an_api_whose_clock_is_another_is_asked_again_by_its_own(stage: Stage) -> None:
    far = "Date: Tue, 26 Jan 2016 17:40:22 GMT"
    stage.script(answer(422, b'{"errors":{"base":["Bad timestamp"]}}', far), opened("token-1", USER, far))
    assert waits_s(stage.session.send(PUT)) <= 1
    stage.pass_("next_ms")
    assert [type(stage.worker().send(PUT)) for _ in range(2)] == [Unsent, Sent]
    ours, theirs = (int(login["timestamp"]) for login in stage.logins())
    assert abs(ours - stage.now_ms() / 1000) < 60
    assert abs(theirs - 1453830022) < 60
    # And remembered for the next renewal.
    stage.pass_("renew_ms")
    stage.session.send(PUT)
    assert abs(int(stage.logins()[-1]["timestamp"]) - 1453830022) < 60


def test_what_is_refused_by_the_apis_own_clock_is_refused(stage: Stage) -> None:
    stage.script(answer(422, b"", "Date: Tue, 26 Jan 2016 17:40:22 GMT"))
    stage.session.send(PUT)
    stage.pass_("next_ms")
    assert waits_s(stage.session.send(PUT)) == HOLD_S


# Whose receipts ---------------------------------------------------------------------------------------------------


def test_other_users_receipts_are_never_sent_with_it(stage: Stage) -> None:
    others = Put(DIALOG, (), "r", f"u{OTHER}", None)
    stage.session.send(PUT)
    verdict = stage.session.send(others)
    assert isinstance(verdict, Unauthorized)
    assert not verdict.configured
    stage.pass_("expires_ms")
    assert isinstance(stage.session.send(others), Unauthorized)
    assert (len(stage.logins()), stage.seen("PUT")) == (1, [])


def test_an_edit_of_its_user_is_sent_with_it(stage: Stage) -> None:
    edit = Put(DIALOG, ("53aabe15e4b077ddd43e7fd3",), "", f"u{USER}", None, "updated message")
    assert [type(stage.session.send(edit)) for _ in range(2)] == [Unsent, Sent]
    (request,) = stage.seen("PUT")
    assert (request.header("QB-Token"), request.header("Authorization")) == ("token-1", None)
    assert json.loads(request.body) == {"chat_dialog_id": DIALOG, "message": "updated message"}


@pytest.mark.parametrize("actor", [f"s{USER}", "t" + "0" * 32])
def test_receipts_that_bring_a_token_need_none(stage: Stage, actor: str) -> None:
    stage.script(REFUSED, puts=(OK_EMPTY,))
    stage.session.send(PUT)
    assert stage.session.send(Put(DIALOG, (), "r", actor, "brought")) == Sent()
    assert stage.tokens() == ["brought"]


def test_nothing_private_is_said(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    echo = f"{ANN.login} {ANN.password} {ANN.auth_secret} {ANN.auth_key} token-1".encode()
    stage.script(answer(422, echo), opened(), puts=(REFUSED,))
    verdicts = [stage.session.send(PUT)]
    stage.pass_("next_ms")
    verdicts += [stage.session.send(PUT), stage.session.send(PUT)]
    said = caplog.text + repr(verdicts) + repr(stage.session) + repr(Lent("id", "token-1"))
    assert not any(word in said for word in echo.decode().split())
    kept = str({key: stage.redis.hgetall(key) for key in [b"rs:{default}:session"]})
    assert ANN.password not in kept
    assert ANN.auth_secret not in kept


def test_redis_away_sends_nothing_and_raises_nothing(stage: Stage) -> None:
    stage.session.send(PUT)
    away = session_of(redis.Redis(port=1, retry=Retry(NoBackoff(), 0)), stage.server.url)
    assert away.send(PUT) == Unsent("the service session is out of reach: ConnectionError", 1.0)
    assert stage.seen("PUT") == []
