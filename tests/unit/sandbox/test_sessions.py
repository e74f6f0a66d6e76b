import re

from sandbox.sessions import LIFETIME_S, Sessions


class Clock:
    now_s = 1453830622.0

    def __call__(self) -> float:
        return self.now_s


def test_a_token_has_40_hex_digits_unless_one_is_given() -> None:
    sessions = Sessions()
    assert re.fullmatch(r"[0-9a-f]{40}", sessions.open(1).token)
    assert sessions.open(1, token="mine").token == "mine"


def test_a_session_lives_two_hours_after_its_last_request() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    token = sessions.open(1).token
    clock.now_s += LIFETIME_S - 1
    assert sessions.use(token) is not None
    clock.now_s += LIFETIME_S - 1
    assert sessions.use(token) is not None
    clock.now_s += LIFETIME_S
    assert sessions.use(token) is None


def test_a_session_that_does_not_slide_ends_when_it_was_to_end() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    token = sessions.open(1, slides=False).token
    clock.now_s += LIFETIME_S - 1
    assert sessions.use(token) is not None
    clock.now_s += 1
    assert sessions.use(token) is None


def test_the_expiration_date_is_written_with_spaces() -> None:
    assert Sessions(Clock()).open(1).expiration_date() == "2016-01-26 19:50:22 UTC"


def test_a_session_without_lifetime_is_expired_from_the_start() -> None:
    sessions = Sessions(Clock())
    assert sessions.use(sessions.open(1, lifetime_s=0).token) is None


def test_a_destroyed_session_is_gone() -> None:
    sessions = Sessions()
    token = sessions.open(1).token
    assert sessions.destroy(token)
    assert sessions.use(token) is None
    assert not sessions.destroy(token)
