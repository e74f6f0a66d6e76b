"""Other hands in Redis, and other credentials beside ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.session.stage import ANN, KEY, LOCK, OTHER, PUT, USER, Stage, opened
from worker.verdicts import Sent, Unauthorized, Unsent


@pytest.mark.parametrize("key", [KEY, LOCK])
def test_keys_of_another_type_make_room(stage: Stage, key: str) -> None:
    stage.redis.rpush(key, "another hand's")
    assert [type(stage.session.send(PUT)) for _ in range(2)] == [Unsent, Sent]


@pytest.mark.parametrize("garbage", ["", "another hand's", b"\xff"])
def test_a_lock_without_an_end_is_nobodys(stage: Stage, garbage: str | bytes) -> None:
    stage.redis.set(LOCK, garbage)
    assert [type(stage.session.send(PUT)) for _ in range(2)] == [Unsent, Sent]


@pytest.mark.parametrize("garbage", ["", "soon", "-1", "nan", "inf", "1e999", str(2**52), str(2**60), b"\xff"])
@pytest.mark.parametrize("field", ["next_ms", "fails", "young", "trouble", "ahead_s", "made_ms", "expires_ms"])
def test_fields_that_nobody_wrote_hinder_nobody(stage: Stage, field: str, garbage: str | bytes) -> None:
    stage.session.send(PUT)
    stage.redis.hdel(KEY, "token")
    stage.redis.hset(KEY, field, garbage)
    assert [type(stage.session.send(PUT)) for _ in range(2)] == [Unsent, Sent]


@pytest.mark.parametrize("token", ["two\r\nlines", "", " ", b"\xff\xfe", "x" * 5000])
def test_a_token_that_can_stand_in_no_header_is_not_sent(stage: Stage, token: str | bytes) -> None:
    stage.session.send(PUT)
    stage.redis.hset(KEY, "token", token)
    stage.script(opened("token-2"))
    verdicts = [stage.session.send(PUT) for _ in range(3)]
    assert isinstance(verdicts[-1], Sent)
    assert set(stage.tokens()) == {"token-2"}


def test_a_session_without_a_name_is_made_anew(stage: Stage) -> None:
    stage.session.send(PUT)
    stage.redis.hdel(KEY, "id")
    assert [type(stage.session.send(PUT)) for _ in range(2)] == [Unsent, Sent]
    assert len(stage.logins()) == 2


def test_other_credentials_take_neither_token_nor_hold(stage: Stage) -> None:
    stage.script(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", opened("token-2"))
    stage.session.send(PUT)
    mended = stage.worker(who=replace(ANN, password="the right one"))
    assert [type(mended.send(PUT)) for _ in range(2)] == [Unsent, Sent]
    assert stage.tokens() == ["token-2"]


def test_another_users_credentials_do_not_inherit_the_user(stage: Stage) -> None:
    stage.session.send(PUT)
    stage.pass_("made_ms")
    stage.redis.hset(KEY, "made_ms", stage.now_ms() - 5000)
    stage.script(opened("token-2", OTHER))
    other = stage.worker(who=replace(ANN, login="bob"))
    assert isinstance(other.send(PUT), Unsent)
    verdict = other.send(PUT)
    assert isinstance(verdict, Unauthorized)
    assert not verdict.configured
    assert other.send(replace(PUT, actor=f"u{OTHER}")) == Sent()


def test_workers_with_old_and_new_credentials_take_turns(stage: Stage) -> None:
    """A rolling restart: each would else make a session for every receipt of the other's."""
    new = stage.worker(who=replace(ANN, password="the new one"))
    stage.session.send(PUT)
    for _ in range(5):
        assert new.send(PUT) == Unsent("no service session", 0.25)
        assert stage.session.send(PUT) == Sent()
    stage.redis.hset(KEY, "made_ms", stage.now_ms() - 5000)
    assert [type(new.send(PUT)) for _ in range(2)] == [Unsent, Sent]
    assert len(stage.logins()) == 2


def test_it_is_forgotten_with_its_end(stage: Stage) -> None:
    stage.session.send(PUT)
    assert 7_100_000 < stage.redis.pttl(KEY) <= 7_200_000


def test_a_user_is_told_by_the_whole_number(stage: Stage) -> None:
    stage.session.send(PUT)
    assert isinstance(stage.session.send(replace(PUT, actor=f"u{USER}4")), Unauthorized)
