"""`python -m worker drain`: it waits until nothing is left, says what holds it, and its exit code says which."""

from __future__ import annotations

import pytest

from stack.redis_server import RedisServer
from tests.integration.commands.terminal import terminal
from tests.integration.operating import Commands
from tests.shorthand import USER, delivered, dialogs, edit, read
from worker.ledger import Again, Done, Part
from worker.ledger.pausing import pause
from worker.runtime import Runtime


def test_an_empty_ledger_is_empty_at_once(commands: Commands) -> None:
    result = commands.run("drain")
    assert (result.exit_code, result.stdout) == (0, "Empty after 0 s: every receipt is covered or dead.\n")
    assert commands.json("drain")["empty"] is True


def test_it_waits_until_the_last_receipt_is_covered(redis_server: RedisServer, held: Runtime) -> None:
    held.queue("default").record_many([read(dialog=dialog) for dialog in dialogs(3)])
    ledger = held.ways["default"].ledger
    with terminal(redis_server.url_of("operator"), "drain", "--timeout", "30s") as shown:
        shown.wait_for("3 receipts pending and 0 in flight, in 3 slots")
        claims = ledger.claim(3).claims
        shown.wait_for("0 receipts pending and 3 in flight")
        ledger.settle([(each.slot, each.generation, Done(Part("r"))) for each in claims])
        assert shown.ends_with() == 0
    assert "Empty after " in shown.seen


def test_what_is_in_flight_is_not_gone(held: Runtime, commands: Commands) -> None:
    held.queue("default").record_many([read()])
    held.ways["default"].ledger.claim(1)
    result = commands.run("drain", "--timeout", "0s")
    assert (result.exit_code, "0 receipts pending and 1 in flight" in result.stderr) == (6, True)


def test_what_holds_it_is_said(held: Runtime, commands: Commands) -> None:
    held.queue("default").record_many([read(), edit("x", 1), delivered(1)])
    ledger = held.ways["default"].ledger
    failed = Again("status 503", "unavailable", delay_ms=60_000, costs_attempt=True)
    [claim] = ledger.claim(1).claims
    ledger.settle([(claim.slot, claim.generation, failed)])
    pause(held.redis, "default", "a move")
    result = commands.run("drain", "--timeout", "0s")
    assert (result.exit_code, result.stdout) == (6, "")
    for expected in ("it is paused (a move): `resume` ends that", "no worker listens: start one"):
        assert expected in result.stderr
    commands.run("resume")
    assert "1 of 2 slots looked at failed and wait for their next attempt" in commands.run(
        "drain", "--timeout", "0s"
    ).stderr.replace("\n", " ")


def test_for_programs(held: Runtime, commands: Commands) -> None:
    held.queue("default").record_many([read()])
    result = commands.run("drain", "--timeout", "0s", "--json")
    assert result.exit_code == 6
    assert '"empty": false' in result.stdout
    assert '"held_by": ["no worker listens: start one"]' in result.stdout


def test_of_several_applications_all_have_to_be_empty(redis_server: RedisServer, held: Runtime) -> None:
    held.queue("default").record_many([read()])
    both = Commands(redis_server.url_of("operator"), RECEIPTS_APPLICATIONS="default,shop")
    assert both.run("drain", "--timeout", "0s").exit_code == 6
    assert both.run("drain", "--timeout", "0s", "--application", "shop").exit_code == 0


def test_ctrl_c_says_what_is_left(redis_server: RedisServer, held: Runtime) -> None:
    held.queue("default").mark_dialog_read(dialogs(1)[0], user_id=USER)
    with terminal(redis_server.url_of("operator"), "drain") as shown:
        shown.wait_for("1 receipt pending")
        shown.press("\x03")
        assert shown.ends_with() == 6
    assert "not empty when it was interrupted: 1 receipt pending" in shown.seen


@pytest.mark.parametrize("timeout", ["soon", "-1s", "10"])
def test_a_timeout_that_is_none(commands: Commands, timeout: str) -> None:
    assert commands.run("drain", "--timeout", timeout).exit_code == 2
