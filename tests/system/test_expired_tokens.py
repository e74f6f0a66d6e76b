"""Sessions that end: an actor whose token is refused waits for another, and costs the API nothing meanwhile."""

from __future__ import annotations

import pytest

from receipt_sync import MarkRead
from tests.running import Call, StartSystem, System, until

USER = 123


@pytest.fixture
def sessions(start_system: StartSystem) -> System:
    """One PUT at a time, so that a refusal is known before the next is sent."""
    system: System = start_system(RECEIPTS_CONNECTIONS="1", RECEIPTS_SYNCS_MAX="1")
    return system


def _tokens(calls: list[Call]) -> list[str]:
    return [call.headers["qb-token"] for call in calls]


def test_one_receipt_with_a_new_token_sends_all_that_waited(sessions: System) -> None:
    system = sessions
    dialogs = [system.dialog(n)[0] for n in range(3)]
    expired, new = system.api.session(USER), system.api.session(USER)
    system.api.faults(expired_tokens=[expired])
    system.receipts.record_many([MarkRead(dialog_id=each, user_id=USER, token=expired) for each in dialogs[:2]])
    system.start_worker()
    until(lambda: _waiting(system) == 2, "both dialogs wait for another token")
    assert _tokens(system.puts()) == [expired]
    # Another user is not held up.
    system.receipts.mark_dialog_read(dialogs[0], user_id=7)
    until(lambda: len(system.applied()) == 1, "the other user's PUT")
    system.receipts.mark_dialog_read(dialogs[2], user_id=USER, token=new)
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered, accounts.dead) == (4, 4, 0)
    sent = [call for call in system.puts() if "qb-token" in call.headers]
    assert _tokens(sent) == [expired, new, new, new]
    assert [call.status for call in sent] == [401, 200, 200, 200]
    assert all(str(USER) in str(message["read_ids"]) for message in system.api.world()["messages"])


def test_without_a_new_token_they_are_dead_letters_after_the_wait(start_system: StartSystem) -> None:
    system: System = start_system(RECEIPTS_CONNECTIONS="1", RECEIPTS_SYNCS_MAX="1", RECEIPTS_TOKEN_WAIT_S="2")
    dialogs = [system.dialog(n)[0] for n in range(2)]
    expired = system.api.session(USER)
    system.api.faults(expired_tokens=[expired])
    system.receipts.record_many([MarkRead(dialog_id=each, user_id=USER, token=expired) for each in dialogs])
    system.start_worker()
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.dead) == (2, 2)
    letters = system.dead_letters()
    assert {letter["slot"] for letter in letters} == {f"m:{dialog}:s{USER}" for dialog in dialogs}
    assert all(letter["reason"].startswith("no newer session token came") for letter in letters)
    assert expired not in str(letters)
    assert len(system.puts()) == 1


def _waiting(system: System) -> int:
    return int(system.redis.zcount(f"rs:{{default}}:w:s{USER}", 0, "+inf"))
