"""`python -m worker dead …` against a real ledger: what it prints, what it does, how it ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from click.testing import Result

from receipt_sync import EditMessage, MarkRead, ReceiptQueue
from receipt_sync.calls import READ
from settings import load
from stack.ports import free_port
from stack.redis_server import RedisServer
from tests.integration.operating import Commands
from tests.integration.raw_messages import envelope
from tests.ledger_audit import Accounts, audit
from tests.running import System, until
from tests.shorthand import DIALOG, USER, dialogs, msg
from worker.ledger import Dead, Settled
from worker.runtime import Runtime

PRIVATE = "a private text"
WORDS = "words of the API"


class DeadCommands:
    """`python -m worker dead` of one deployment."""

    def __init__(self, redis_url: str, **environ: str) -> None:
        self._commands = Commands(redis_url, **environ)

    def run(self, *arguments: str, answer: str | None = None, color: bool = False) -> Result:
        return self._commands.run("dead", *arguments, answer=answer, color=color)

    def json(self, *arguments: str) -> dict[str, Any]:
        return self._commands.json("dead", *arguments)

    def ids(self, *arguments: str) -> list[str]:
        return [letter["id"] for letter in self.json("list", *arguments)["letters"]]


@pytest.fixture
def held(redis_server: RedisServer, redis_client: redis.Redis) -> Runtime:
    assert redis_client.dbsize() == 0
    held = Runtime(
        load({"REDIS_URL": redis_server.url_of("default"), "RECEIPTS_GATHER_MAX_S": "0", "QUICKBLOX_RATE_PER_S": "0"})
    )
    held.ways["default"].ledger.publish_policy()
    return held


@pytest.fixture
def commands(redis_server: RedisServer, held: Runtime) -> DeadCommands:  # noqa: ARG001 - the ledger it empties
    return DeadCommands(redis_server.url_of("operator"))


def bury(held: Runtime, *receipts: MarkRead | EditMessage, reason: str = "rejected: status 422") -> None:
    """Records receipts of one slot, and lets their PUT be rejected."""
    held.queue("default").record_many(receipts)
    ledger = held.ways["default"].ledger
    [claim] = ledger.claim(1).claims
    dead = Dead(reason, "rejected", status=422, words=WORDS, request_id="req-7")
    assert ledger.settle([(claim.slot, claim.generation, dead)]) == [Settled.ENDED]


def mark(dialog: str = DIALOG, **more: Any) -> MarkRead:
    return MarkRead(dialog_id=dialog, user_id=USER, **more)


def an_edit(revision: int = 1, text: str = PRIVATE) -> EditMessage:
    return EditMessage(dialog_id=DIALOG, message_id=msg(1), text=text, user_id=USER, revision=revision)


def accounts(held: Runtime) -> Accounts:
    return audit(held.redis, "default")


# list -----------------------------------------------------------------------------------------------------------


def test_list_shows_what_died_and_nothing_private(held: Runtime, commands: DeadCommands) -> None:
    bury(held, an_edit(), an_edit(2))
    bury(held, mark(message_ids=[msg(7), msg(8)]), reason="gave up: status 503")
    printed = commands.run("list")
    assert printed.exit_code == 0
    for expected in (DIALOG, msg(1), f"{msg(7)} +1", f"u{USER}", "rejected: status 422", "gave up: status 503"):
        assert expected in printed.stdout
    assert "2 of 2 letters. Dead receipts: 4, of which 0 were dropped and 0 have expired." in printed.stdout
    as_json = commands.json("list")
    marks, edited = as_json["letters"]
    assert (edited["kind"], edited["receipts"], edited["request_id"], edited["status"]) == ("edit", 2, "req-7", 422)
    assert (marks["message_ids"], marks["attempts"]) == ([msg(7), msg(8)], 1)
    assert as_json["counts"] == {"dead": 4, "dropped": 0, "expired": 0, "letters": 2}
    for output in (printed.output, json.dumps(as_json)):
        assert PRIVATE not in output
        assert WORDS not in output


def test_list_of_nothing(commands: DeadCommands) -> None:
    assert commands.run("list").stdout.startswith("0 of 0 letters")
    assert commands.json("list")["letters"] == []


def test_list_goes_page_by_page(held: Runtime, commands: DeadCommands) -> None:
    for dialog in dialogs(5):
        bury(held, mark(dialog))
    every, seen = commands.ids(), []
    before: list[str] = []
    while True:
        page = commands.json("list", "--limit", "2", *before)
        seen.append([letter["id"] for letter in page["letters"]])
        if page["next"] is None:
            break
        before = ["--before", page["next"]]
        assert f"More: --before {page['next']}" in commands.run("list", "--limit", str(2 * len(seen))).stdout
    assert seen == [every[:2], every[2:4], every[4:]]


def test_list_filters(held: Runtime, commands: DeadCommands) -> None:
    other, third = dialogs(2)
    bury(held, mark(other, up_to=msg(3)))
    bury(held, mark(third), reason="gave up: status 503")
    bury(held, an_edit())
    arguments = json.dumps({"args": [other], "kwargs": {"up_to": msg(3)}})
    held.ways["default"].ledger.bury_invalid(READ, arguments, "invalid")
    call, edited, given_up, marked = commands.ids()
    assert commands.ids("--reason", "gave up") == [given_up]
    assert commands.ids("--dialog", other) == [call, marked]
    assert commands.ids("--message", msg(3)) == [call, marked]
    assert commands.ids("--message", msg(1), "--reason", "rejected") == [edited]
    assert commands.ids("--newer-than", "1h") == [call, edited, given_up, marked]
    assert commands.ids("--older-than", "1h") == []
    old = {"slot": f"m:{other}:u1", "receipts": 1, "dead_ms": 1_000_000, "reason": "old"}
    held.redis.xadd("rs:{default}:dead", old)  # type: ignore[arg-type]
    assert len(commands.ids("--older-than", "1h")) == 1
    assert len(commands.ids("--newer-than", "1h")) == 4


def test_a_filter_finds_what_is_many_pages_away(held: Runtime, commands: DeadCommands) -> None:
    bury(held, mark(DIALOG))
    for n in range(250):
        held.redis.xadd("rs:{default}:dead", {"receipts": 1, "reason": f"other {n}"})
    assert len(commands.ids("--dialog", DIALOG)) == 1
    assert len(commands.ids("--limit", "1000")) == 251


# show -----------------------------------------------------------------------------------------------------------


def test_show_shows_everything_of_one_letter(held: Runtime, commands: DeadCommands) -> None:
    bury(held, an_edit())
    [id_] = commands.ids()
    printed = commands.run("show", id_).stdout
    for expected in (PRIVATE, WORDS, "req-7", "422", msg(1), f"u{USER}"):
        assert expected in printed
    assert commands.json("show", id_)["fields"]["text"] == PRIVATE


def test_nothing_of_another_hand_reaches_the_terminal_as_a_control_character(
    held: Runtime, commands: DeadCommands
) -> None:
    evil = b"\x1b[2J\x07\r\n\xff\xc2\x9b31m\xe2\x80\xae"
    names = (b"slot", b"reason", b"words", b"text", b"task", b"arguments", b"actor", b"request_id", evil)
    held.redis.xadd("rs:{default}:dead", dict.fromkeys(names, b"e:" + evil + b":" + evil))
    held.redis.xadd("rs:{default}:dead", {b"slot": b"e:" + evil + b":x", b"actor": evil, b"reason": evil})
    for id_ in commands.ids():
        for command in (["list"], ["show", id_], ["replay", id_], ["show", id_, "--json"], ["list", "--json"]):
            result = commands.run(*command, color=True)
            assert result.exit_code in (0, 5), result.exception
            assert result.output.replace("\n", "").isprintable(), command
            assert not {"\u202e", "\x9b"} & set(result.output)


# replay and drop ----------------------------------------------------------------------------------------------------


def test_replay_records_again_and_a_second_time_finds_nothing(held: Runtime, commands: DeadCommands) -> None:
    bury(held, an_edit(), an_edit(2))
    [id_] = commands.ids()
    assert "Replayed 1 letters of 2 receipts; 0 need no PUT." in commands.run("replay", id_).stdout
    assert accounts(held) == Accounts(recorded=2, pending=2)
    again = commands.run("replay", id_)
    assert (again.exit_code, again.stderr) == (4, f"Error: application default has no dead letter {id_}\n")


def test_replay_all_takes_what_the_filters_mean(held: Runtime, commands: DeadCommands) -> None:
    for dialog in dialogs(150):
        bury(held, mark(dialog))
    bury(held, an_edit(), reason="gave up: status 503")
    answer = commands.json("replay", "--all", "--reason", "rejected")
    assert answer == {"application": "default", "replayed": 150, "receipts": 150, "absorbed": 0, "without_token": 0,
        "refused": {}}  # fmt: skip
    assert accounts(held) == Accounts(recorded=151, dead=1, pending=150)


def test_of_edits_with_one_revision_the_latest_stays_on_top(held: Runtime, commands: DeadCommands) -> None:
    for text in ("first", "second", "third"):
        bury(held, an_edit(0, text))
    assert commands.json("replay", "--all")["replayed"] == 3
    assert held.redis.hget(f"rs:{{default}}:e:{DIALOG}:{msg(1)}", "px") == b"third"


def test_replay_says_what_stays_and_what_waits_for_a_session(held: Runtime, commands: DeadCommands) -> None:
    bury(held, mark(token="secret"))
    held.ways["default"].ledger.bury_invalid(READ, '{"args": [', "invalid: user_id", cut=True)
    [call, _] = commands.ids()
    result = commands.run("replay", "--all")
    assert result.exit_code == 5
    assert "1 of them act through a session, whose token no letter holds" in result.stdout
    assert f"{call} stays: its arguments were not kept whole" in result.stderr
    assert accounts(held) == Accounts(recorded=2, dead=1, pending=1)


def test_drop_asks_before_it_drops_all(held: Runtime, commands: DeadCommands) -> None:
    bury(held, mark(), mark())
    bury(held, an_edit())
    edited, marked = commands.ids()
    assert commands.run("drop", "--all", answer="n\n").exit_code == 1
    assert commands.ids() == [edited, marked]
    assert "Dropped 1 letters of 2 receipts." in commands.run("drop", marked).stdout
    assert commands.run("drop", "--all", answer="y\n").exit_code == 0
    assert accounts(held) == Accounts(recorded=3, dead=3, dropped=3)
    assert commands.json("drop", "--all", "--yes") == {"application": "default", "dropped": 0, "receipts": 0}


# Wrong calls, and a ledger that does not answer ---------------------------------------------------------------------


@pytest.mark.parametrize("command", ["show", "replay", "drop"])
def test_an_unknown_id_ends_with_4_and_nothing_is_touched(held: Runtime, commands: DeadCommands, command: str) -> None:
    bury(held, mark())
    ids = commands.ids() if command != "show" else []
    result = commands.run(command, *ids, "1-0")
    assert (result.exit_code, result.stderr) == (4, "Error: application default has no dead letter 1-0\n")
    assert len(commands.ids()) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "yesterday"], "'yesterday' is no id of a dead letter"),
        (["list", "--before", "x"], "'x' is no id of a dead letter"),
        (["list", "--application", "shop"], "no application 'shop': the settings name default"),
        (["list", "--older-than", "2 weeks"], "'2 weeks' is no age"),
        (["list", "--limit", "0"], "0"),
        (["replay"], "name letters by their ids, or --all of them"),
        (["drop", "--all", "1-0"], "name letters by their ids, or --all of them"),
        (["replay", "1-0", "--reason", "x"], "filters go with --all"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_what_is_wrong(
    commands: DeadCommands, arguments: list[str], says: str
) -> None:
    result = commands.run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_of_several_applications_one_must_be_named(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    commands = DeadCommands(redis_server.url_of("operator"), RECEIPTS_APPLICATIONS="shop,games")
    result = commands.run("list")
    assert (result.exit_code, "name one: --application shop|games" in result.stderr) == (2, True)
    ReceiptQueue(client=redis_client, application="games").mark_dialog_read(DIALOG, user_id=USER)
    redis_client.xadd("rs:{games}:dead", {"receipts": 1, "reason": "x"})
    assert len(commands.ids("--application", "games")) == 1
    assert commands.ids("--application", "shop") == []


@pytest.mark.parametrize("command", [["list"], ["show", "1-0"], ["replay", "--all"], ["drop", "--all", "--yes"]])
def test_a_redis_that_is_away_ends_with_3_and_its_password_is_not_shown(command: list[str]) -> None:
    port = free_port()
    result = DeadCommands(f"redis://:pass-word@127.0.0.1:{port}/0").run(*command)
    assert result.exit_code == 3
    assert (
        f"the ledger was not reached at redis://:********@127.0.0.1:{port}/0 (REDIS_URL): ConnectionError"
        in result.stderr
    )
    assert "pass-word" not in result.output


def test_a_broken_ledger_is_named(held: Runtime, commands: DeadCommands) -> None:
    bury(held, mark())
    held.redis.delete("rs:{default}:due")
    held.redis.set("rs:{default}:due", "garbage")
    result = commands.run("replay", "--all")
    assert result.exit_code == 3
    assert "BROKENKEY rs:{default}:due should be a zset, and is a string" in result.stderr
    held.redis.delete("rs:{default}:dead")
    held.redis.set("rs:{default}:dead", "garbage")
    result = commands.run("list")
    assert (result.exit_code, "a key of the ledger" in result.stderr) == (3, True)


def test_settings_that_cannot_be_used_end_with_1(redis_server: RedisServer) -> None:
    result = DeadCommands(redis_server.url_of("operator"), RECEIPTS_DEAD_KEEP_S="for ever").run("list")
    assert result.exit_code == 1
    assert "RECEIPTS_DEAD_KEEP_S is 'for ever'; expected" in result.stderr


# A whole system ------------------------------------------------------------------------------------------------------


def test_a_call_that_was_refused_is_recorded_when_its_letter_is_replayed(system: System) -> None:
    system.start_worker()
    dialog_id, _ = system.dialog(1)
    eta = envelope(body=[[], {"dialog_id": dialog_id, "user_id": USER}, {}], headers__eta="2026-01-01T00:00:00+00:00")
    system.redis.lpush("receipts", json.dumps(eta))
    until(lambda: len(system.dead_letters()) == 1, "the call among the dead letters")
    assert system.puts() == []
    system.operate("dead", "replay", "--all")
    [put] = system.wait_for_puts(1)
    assert dialog_id in put.body
    assert system.wait_until_settled() == Accounts(recorded=1, covered=1)
