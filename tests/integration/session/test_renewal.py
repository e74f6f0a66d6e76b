"""One session for all workers: made once, renewed ahead and once, and what happens when whoever makes it dies."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as futures_wait

import pytest

from tests.contract.scripted_server import Request
from tests.integration.session.stage import ANN, KEY, LOCK, LOCK_MS, PUT, USER, Stage, opened
from worker.deadline import TooLateError
from worker.login import Opened
from worker.session_store import Lent, Renew, Wait
from worker.verdicts import Sent, Unauthorized, Unsent, Verdict

MADE = Unsent("its call went into making the service session", 0.0, "logged_in")


def test_the_first_call_makes_the_session_and_the_next_is_sent_with_it(stage: Stage) -> None:
    assert [stage.session.send(PUT) for _ in range(3)] == [MADE, Sent(), Sent()]
    (login,) = stage.logins()
    assert login["user"] == {"email": ANN.login, "password": ANN.password}
    assert stage.tokens() == ["token-1"] * 2
    assert stage.redis.ttl(KEY) > 7100
    assert not stage.redis.exists(LOCK)


def test_another_worker_takes_it_over(stage: Stage) -> None:
    stage.session.send(PUT)
    assert stage.worker().send(PUT) == Sent()
    assert len(stage.logins()) == 1


@pytest.mark.parametrize("headers", [(), ("QB-Token-ExpirationDate: soon", "Date: never")])
def test_it_is_renewed_when_about_a_quarter_of_two_hours_is_left(stage: Stage, headers: tuple[str, ...]) -> None:
    stage.script(opened("token-1", USER, *headers))
    stage.session.send(PUT)
    made, renew, ends = (int(stage.stored(field) or 0) for field in ("made_ms", "renew_ms", "expires_ms"))
    assert ends - made == 7_200_000
    assert 0.70 * 7_200_000 <= renew - made <= 0.75 * 7_200_000


def test_an_api_whose_sessions_are_shorter_says_so(stage: Stage) -> None:
    ends = "QB-Token-ExpirationDate: 2016-01-26 17:50:22 UTC"
    stage.script(opened("token-1", USER, ends, "Date: Tue, 26 Jan 2016 17:40:22 GMT"))
    stage.session.send(PUT)
    assert int(stage.stored("expires_ms") or 0) - int(stage.stored("made_ms") or 0) == 600_000


def together(stage: Stage, workers: int) -> list[Verdict]:
    """As many workers at the same moment, each with a connection of its own; the login's answer comes last of all."""
    others_done, start = threading.Event(), threading.Barrier(workers)

    def one(_: int) -> Verdict:
        worker = stage.worker()
        start.wait(30)
        return worker.send(PUT)

    def before(request: Request) -> None:
        if request.method == "POST":
            assert others_done.wait(30)

    stage.script(opened("token-2"), before=before)
    with ThreadPoolExecutor(workers) as pool:
        sending = [pool.submit(one, n) for n in range(workers)]
        while sum(future.done() for future in sending) < workers - 1:
            futures_wait(sending, 0.05)
        others_done.set()
        return [future.result() for future in sending]


def test_of_all_who_find_none_one_logs_in_and_nobody_waits_for_it(stage: Stage) -> None:
    verdicts = together(stage, 12)
    assert len(stage.logins()) == 1
    assert verdicts.count(MADE) == 1
    others = [verdict for verdict in verdicts if verdict != MADE]
    assert {verdict.reason for verdict in others if isinstance(verdict, Unsent)} == {"no service session"}
    assert len(others) == 11


def test_of_all_who_find_it_ageing_one_renews_and_the_others_go_on_with_it(stage: Stage) -> None:
    stage.session.send(PUT)
    stage.pass_("renew_ms")
    verdicts = together(stage, 12)
    assert len(stage.logins()) == 2
    assert (verdicts.count(MADE), verdicts.count(Sent())) == (1, 11)
    assert stage.tokens() == ["token-1"] * 11
    assert (stage.session.send(PUT), stage.tokens()[-1]) == (Sent(), "token-2")


def test_a_session_that_has_ended_is_not_sent_with(stage: Stage) -> None:
    stage.session.send(PUT)
    stage.pass_("expires_ms")
    stage.script(opened("token-2"))
    assert [stage.session.send(PUT) for _ in range(2)] == [MADE, Sent()]
    assert stage.tokens() == ["token-2"]


def test_a_renewer_that_dies_is_followed_when_its_lock_runs_out(stage: Stage) -> None:
    store = stage.session.store
    assert isinstance(store.look(str(USER), "dies"), Renew)
    assert 0 < stage.redis.pttl(LOCK) <= LOCK_MS
    assert store.look(str(USER), "another") == Wait(0.25)
    stage.redis.delete(LOCK)  # as it does by itself
    assert isinstance(store.look(str(USER), "another"), Renew)


def test_the_longer_a_login_takes_the_less_often_it_is_asked_for(stage: Stage) -> None:
    store = stage.session.store
    store.look(str(USER), "hangs")
    stage.redis.pexpire(LOCK, LOCK_MS - 4000)
    waits = store.look(str(USER), "another")
    assert isinstance(waits, Wait)
    assert 4 <= waits.again_s < 5


def test_a_renewer_that_comes_back_late_changes_nothing(stage: Stage) -> None:
    store = stage.session.store
    late = store.look(str(USER), "late")
    assert isinstance(late, Renew)
    stage.redis.delete(LOCK)
    newer = store.look(str(USER), "newer")
    assert isinstance(newer, Renew)
    store.keep(newer, Opened("newer", USER, 7200))
    store.keep(late, Opened("older", USER, 7200))
    store.fail(late, "unavailable", 1, 60)
    assert store.look(str(USER), "x") == Lent("newer", "newer")


def test_a_late_renewer_leaves_the_lock_of_its_successor(stage: Stage) -> None:
    store = stage.session.store
    late = store.look(str(USER), "late")
    assert isinstance(late, Renew)
    stage.redis.delete(LOCK)
    store.look(str(USER), "newer")
    store.fail(late, "unavailable", 1, 60)
    store.release(late)
    assert stage.redis.get(LOCK) == b"newer"


def test_a_look_whose_answer_was_lost_is_asked_again_and_has_the_lock(stage: Stage) -> None:
    store = stage.session.store
    assert isinstance(store.look(str(USER), "same"), Renew)
    assert isinstance(store.look(str(USER), "same"), Renew)


def test_a_login_that_could_not_begin_in_time_leaves_the_lock_to_others(stage: Stage) -> None:
    with pytest.raises(TooLateError):
        stage.session.send(PUT, start_by_s=-1e9)
    assert stage.logins() == []
    assert stage.session.send(PUT) == MADE
    assert stage.session.send(PUT) == Sent()


def test_a_refused_token_is_forgotten_and_another_made_at_once(stage: Stage) -> None:
    stage.session.send(PUT)
    stage.script(opened("token-2"), puts=(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",))
    assert stage.session.send(PUT) == Unauthorized("the service session was refused", again_s=0.0)
    assert stage.stored("token") is None
    stage.script(opened("token-2"))
    assert [stage.session.send(PUT) for _ in range(2)] == [MADE, Sent()]
    assert stage.tokens()[-1] == "token-2"


def test_a_refused_token_that_was_renewed_meanwhile_costs_no_session(stage: Stage) -> None:
    store = stage.session.store
    stage.session.send(PUT)
    old = store.look(str(USER), "x")
    stage.pass_("renew_ms")
    stage.script(opened("token-2"))
    stage.session.send(PUT)
    assert isinstance(old, Lent)
    assert store.forget(old) == (-1, 0.0)
    assert stage.stored("token") == "token-2"
