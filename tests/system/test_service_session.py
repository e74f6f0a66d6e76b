"""No API key: one user's receipts go through a session that the workers open and renew, one for all of them."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from tests.running import StartSystem, System, until

USER, OTHER = 123, 7
SESSION = {
    "QUICKBLOX_API_KEY": "",
    "QUICKBLOX_APPLICATION_ID": "1",
    "QUICKBLOX_AUTH_KEY": "sandbox-auth-key",
    "QUICKBLOX_AUTH_SECRET": "sandbox-auth-secret",
    "QUICKBLOX_LOGIN": "ann@example.com",
    "QUICKBLOX_PASSWORD": "hunter2 pässwörd",
}
LIFETIME_S, RATE_PER_S = 4, 20


@pytest.fixture
def system(start_system: StartSystem) -> System:
    system: System = start_system(**SESSION, QUICKBLOX_RATE_PER_S=str(RATE_PER_S))
    login = {"user_id": USER, "login": SESSION["QUICKBLOX_LOGIN"], "password": SESSION["QUICKBLOX_PASSWORD"]}
    system.api.build_world(logins=[login])
    return system


def test_marks_go_on_arriving_through_renewals_and_each_takes_one_call_for_all(system: System) -> None:
    # An end that requests do not move: without the renewal marks would be refused.
    system.api.faults(session_lifetime_s=LIFETIME_S, session_slides=False)
    dialogs = [system.dialog(n, users=(OTHER, USER))[0] for n in range(20)]
    for _ in range(2):
        system.start_worker(QUICKBLOX_API_KEY="")
    recorded, between = 0, threading.Event()
    while len(system.logins()) < 4:
        system.receipts.mark_dialog_read(dialogs[recorded % len(dialogs)], user_id=USER)
        recorded += 1
        between.wait(0.02)
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered) == (recorded, recorded)
    assert {call.status for call in system.puts()} == {200}
    assert {call.user_id for call in system.puts()} == {USER}
    made = system.logins()
    assert {call.status for call in made} == {201}
    # Renewed ahead, and by one worker for both: never sooner than the session's age asks for.
    assert all(LIFETIME_S * 0.6 < after.arrived - before.arrived < LIFETIME_S for before, after in pairwise(made))
    assert len({call.headers["qb-token"] for call in system.puts()}) == len(made)
    # A login is a call: the rate holds for both together, and there was more to send than it allows.
    assert RATE_PER_S * 0.9 <= system.api.counts()["peak_per_s"] <= RATE_PER_S


def test_a_refused_login_holds_its_user_alone_and_resumes_by_itself(system: System) -> None:
    mine, brought = system.dialog(1)[0], system.dialog(2)[0]
    wrong = {"QUICKBLOX_PASSWORD": "hunter2 wrong", "RECEIPTS_UNAUTHORIZED_HOLD_S": "8"}
    worker = system.start_worker(QUICKBLOX_API_KEY="", **wrong)
    system.receipts.mark_dialog_read(mine, user_id=USER)
    until(lambda: len(system.logins()) == 1, "a login")
    token = system.api.session(OTHER)
    system.receipts.mark_dialog_read(brought, user_id=OTHER, token=token)
    (put,) = system.wait_for_puts(1)
    assert (put.status, put.user_id) == (200, OTHER)
    until(lambda: len(system.logins()) == 2, "the login tried again")
    first, second = system.logins()
    assert (first.status, second.status) == (401, 401)
    assert put.arrived < second.arrived
    system.api.build_world(logins=[{"user_id": USER, "login": SESSION["QUICKBLOX_LOGIN"], "password": "hunter2 wrong"}])
    accounts = system.wait_until_settled()
    assert (accounts.recorded, accounts.covered) == (2, 2)
    assert system.puts()[-1].user_id == USER
    said = worker.log.text()
    assert said.count("the login is refused: application=default reason=refused: status 401") == 1
    assert said.count("there is a service session again: application=default") == 1
    assert not any(word in said for word in ("hunter2", "ann@example.com", "sandbox-auth", token))
