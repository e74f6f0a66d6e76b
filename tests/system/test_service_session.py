"""No API key: one user's receipts go through a session that the workers open and renew, one for all of them."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from tests.running import StartSystem, System

USER, OTHER = 123, 7
SESSION = {
    "QUICKBLOX_API_KEY": "",
    "QUICKBLOX_APPLICATION_ID": "1",
    "QUICKBLOX_AUTH_KEY": "sandbox-auth-key",
    "QUICKBLOX_AUTH_SECRET": "sandbox-auth-secret",
    "QUICKBLOX_LOGIN": "ann@example.com",
    "QUICKBLOX_PASSWORD": "hunter2 pässwörd",
}
LIFETIME_S = 4


@pytest.fixture
def system(start_system: StartSystem) -> System:
    system: System = start_system()
    login = {"user_id": USER, "login": SESSION["QUICKBLOX_LOGIN"], "password": SESSION["QUICKBLOX_PASSWORD"]}
    system.api.build_world(logins=[login])
    return system


def test_marks_go_on_arriving_through_renewals_and_each_takes_one_call(system: System) -> None:
    # An end that requests do not move: without the renewal marks would be refused.
    system.api.faults(session_lifetime_s=LIFETIME_S, session_slides=False)
    dialogs = [system.dialog(n, users=(OTHER, USER))[0] for n in range(20)]
    for _ in range(2):
        system.start_worker(**SESSION)
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
