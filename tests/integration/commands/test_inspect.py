"""`python -m worker inspect` on a real ledger: what is found, what is said, and what is never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from receipt_sync import MarkDelivered, Receipt
from tests.integration.operating import Commands
from tests.shorthand import DIALOG, EDITS, MARKS, USER, delivered, edit, msg, read
from worker.ledger import Again, Dead, Done, Part
from worker.ledger.pausing import pause
from worker.runtime import Runtime

PRIVATE, TOKEN = "a text that nobody else may read", "a-session-token"
OTHERS = "f" * 24


def record(held: Runtime, *receipts: Receipt) -> None:
    held.queue("default").record_many(receipts)


def settle(held: Runtime, outcome: Again | Dead | Done, most: int = 1) -> None:
    ledger = held.ways["default"].ledger
    ledger.settle([(each.slot, each.generation, outcome) for each in ledger.claim(most).claims])


def slots(commands: Commands, *options: str) -> dict[str, Any]:
    return {each["slot"]: each for each in commands.json("inspect", DIALOG, *options)["slots"]}


def reasons(slot: dict[str, Any]) -> list[str]:
    return [each["name"] for each in slot["why_not_sent"]]


def test_all_slots_of_a_dialog_and_of_no_other(held: Runtime, commands: Commands) -> None:
    record(held, read(), read(1, 2), delivered(up_to=3), edit("x", 1), read(token=TOKEN), read(dialog=OTHERS))
    found = slots(commands)
    assert set(found) == {MARKS, EDITS, f"m:{DIALOG}:s{USER}"}
    marks = found[MARKS]["pending"]
    assert (marks["receipts"], marks["read"], marks["delivered"]) == (4, 3, 1)
    assert (found[EDITS]["pending"]["revision"], found[EDITS]["actor"]) == (1, f"u{USER}")
    assert reasons(found[MARKS]) == ["next"]


def test_listed_messages_and_what_is_in_flight(held: Runtime, commands: Commands) -> None:
    record(held, read(1, 2), delivered(2))
    held.ways["default"].ledger.claim(1)
    record(held, read(3))
    found = slots(commands)[MARKS]
    assert found["in_flight"]["listed"] == [[msg(1), "r"], [msg(2), "rd"]]
    assert found["pending"]["listed"] == [[msg(3), "r"]]
    assert reasons(found) == ["in flight"]
    printed = commands.run("inspect", DIALOG).stdout
    assert f"3 receipts (messages {msg(1)} (r), {msg(2)} (rd))" in printed
    assert "its PUT is under way" in printed


def test_a_slot_at_rest_is_found_too_and_a_dead_letter_is_shown(held: Runtime, commands: Commands) -> None:
    record(held, read())
    settle(held, Done(Part("r")))
    record(held, edit(PRIVATE, 1))
    settle(held, Dead("rejected: status 422", "rejected", status=422, words=PRIVATE))
    found = slots(commands)
    assert (found[MARKS]["covered"], reasons(found[MARKS]), found[EDITS]["dead"]) == (1, ["nothing"], 1)
    assert reasons(found[EDITS]) == ["dead letter"]
    printed = commands.run("inspect", DIALOG).stdout
    assert "rejected: status 422" in printed
    assert "dead letters, the newest first" in printed


def test_users_and_messages_narrow_it(held: Runtime, commands: Commands) -> None:
    other = MarkDelivered(dialog_id=DIALOG, user_id=7)
    record(held, read(), other, edit("x", 1), read(token=TOKEN))
    assert set(slots(commands, "--user", "7")) == {f"m:{DIALOG}:u7"}
    assert set(slots(commands, "--user", str(USER))) == {MARKS, f"m:{DIALOG}:s{USER}", EDITS}
    assert set(slots(commands, "--message", msg(1))) == {EDITS}
    assert set(slots(commands, "--message", msg(1), "--user", "7")) == {EDITS, f"m:{DIALOG}:u7"}
    assert slots(commands, "--message", msg(2)) == {}
    assert "Nothing is known of that" in commands.run("inspect", DIALOG, "--message", msg(2)).stdout


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Again("status 503", "unavailable", delay_ms=60_000, costs_attempt=True), ["backoff"]),
        (Again("throttled", "throttled", hold_ms=20_000), ["hold"]),
        (Again("status 401", "unauthorized", hold_ms=9_000), ["breaker"]),
        (Again("no key", "", delay_ms=60_000, wants_token=True), ["actor stopped"]),
    ],
)
def test_why_it_is_not_sent(held: Runtime, commands: Commands, outcome: Again, expected: list[str]) -> None:
    record(held, read())
    settle(held, outcome)
    assert reasons(slots(commands)[MARKS]) == expected


def test_a_pause_and_a_session_that_was_refused(held: Runtime, commands: Commands) -> None:
    record(held, read(token=TOKEN))
    settle(held, Again("the session token was refused", "unauthorized", wants_token=True))
    pause(held.redis, "default", "a move")
    found = slots(commands)[f"m:{DIALOG}:s{USER}"]
    assert reasons(found) == ["pause", "actor stopped"]
    assert "paused by hand: a move" in commands.run("inspect", DIALOG).stdout


def test_no_text_and_no_token_is_shown(held: Runtime, commands: Commands) -> None:
    record(held, edit(PRIVATE, 1, token=TOKEN), read(token=TOKEN))
    held.ways["default"].ledger.claim(1)
    record(held, edit(PRIVATE, 2, token=TOKEN))
    for output in (commands.run("inspect", DIALOG).output, json.dumps(commands.json("inspect", DIALOG))):
        assert PRIVATE not in output
        assert TOKEN not in output


def test_whatever_lies_in_the_keys(held: Runtime, commands: Commands) -> None:
    record(held, read(), edit("x", 1))
    held.redis.delete(f"rs:{{default}}:{MARKS}")
    held.redis.lpush(f"rs:{{default}}:{MARKS}", "garbage")
    fields = ("pt", "s", "a", "u", "l", "w", "pu", "pv", "R")
    held.redis.hset(f"rs:{{default}}:{EDITS}", mapping=dict.fromkeys(fields, b"\xff\x1b[2J"))
    held.redis.zadd("rs:{default}:due", {EDITS.encode(): "inf", b"m:" + DIALOG.encode() + b":\xff": "-inf"})
    found = slots(commands)
    assert reasons(found[MARKS]) == ["unreadable"]
    output = commands.run("inspect", DIALOG)
    assert (output.exit_code, output.stdout.replace("\n", "").isprintable()) == (0, True)


def test_nothing_is_written(held: Runtime, commands: Commands) -> None:
    record(held, read(), edit("x", 1))
    held.ways["default"].ledger.claim(1)
    before = {key: held.redis.dump(key) for key in held.redis.scan_iter()}
    commands.run("inspect", DIALOG)
    assert {key: held.redis.dump(key) for key in held.redis.scan_iter()} == before


def test_of_a_large_redis_a_part_is_looked_at_and_said(
    held: Runtime, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(held, read())
    held.redis.mset({f"other:{n}": 1 for n in range(5000)})
    monkeypatch.setattr("worker.ledger.searching.KEYS_LOOKED_AT", 1000)
    answer = commands.json("inspect", DIALOG)
    assert (answer["complete"], [each["slot"] for each in answer["slots"]]) == (False, [MARKS])
    assert "slots at rest may be missing" in commands.run("inspect", DIALOG).stdout
