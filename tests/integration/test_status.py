"""`python -m worker status|pause|resume` against a real ledger: what they print, what they do, how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from receipt_sync import MarkRead
from stack.ports import free_port
from stack.redis_server import RedisServer
from tests.integration.operating import Commands, held_by
from tests.shorthand import USER, dialogs
from worker.ledger import Again, Claimed, Dead, Done, Part
from worker.runtime import Runtime

PACE = "rs:{default}:pace"
KEYS = ("pace", "counts", "policy", "due", "leases", "window", "dead")


@pytest.fixture
def held(redis_server: RedisServer, redis_client: redis.Redis) -> Iterator[Runtime]:
    assert redis_client.dbsize() == 0
    held = held_by(redis_server)
    yield held
    held.redis.close()


@pytest.fixture
def commands(redis_server: RedisServer, held: Runtime) -> Commands:  # noqa: ARG001 - the ledger it looks at
    return Commands(redis_server.url_of("operator"))


def record(held: Runtime, slots: int, first: int = 0) -> None:
    held.queue("default").record_many([MarkRead(dialog_id=d, user_id=USER) for d in dialogs(first + slots)[first:]])


def first_due(held: Runtime) -> str:
    redis: Any = held.redis  # redis-py's annotations do not know what it answers
    [slot] = redis.zrange("rs:{default}:due", 0, 0)
    return str(slot.decode())


def claim(held: Runtime, most: int) -> Claimed:
    return held.ways["default"].ledger.claim(most)


def settle(held: Runtime, claimed: Claimed, outcome: Again | Dead | Done) -> None:
    held.ways["default"].ledger.settle([(each.slot, each.generation, outcome) for each in claimed.claims])


# status ---------------------------------------------------------------------------------------------------------


def test_a_ledger_in_which_nothing_was_ever_recorded(commands: Commands) -> None:
    found = commands.status()
    assert (found["application"], found["state"], found["rate_per_s"]) == ("default", "sending", 100)
    nothing = ("pending", "in_flight", "slots_waiting", "slots_due", "slots_in_flight", "calls_last_s", "dead_letters")
    assert [found[name] for name in nothing] == [0] * len(nothing)
    assert (found["oldest_wait_s"], found["hold_until_ms"], found["paused"]) == (None, None, None)
    assert found["puts"] == dict.fromkeys(("sent", "rejected", "throttled", "unavailable", "unauthorized"), 0)
    printed = commands.run("status").stdout
    for expected in ("nothing waits", "100/s now", "breaker      shut", "pause        none"):
        assert expected in printed


def test_what_waits_is_in_flight_and_is_dead(held: Runtime, commands: Commands) -> None:
    record(held, 5)
    record(held, 5)
    settle(held, claim(held, 1), Dead("rejected: status 422", "rejected"))
    settle(held, claim(held, 1), Done(Part("r")))
    assert len(claim(held, 1).claims) == 1
    later = first_due(held)
    held.redis.zincrby("rs:{default}:due", 60_000, later)
    held.redis.hincrby(f"rs:{{default}}:{later}", "pt", -90_000)
    found = commands.status()
    assert (found["pending"], found["in_flight"], found["dead_letters"], found["dead"]) == (4, 2, 1, 2)
    assert (found["slots_waiting"], found["slots_due"], found["slots_in_flight"]) == (2, 1, 1)
    assert 90 <= found["oldest_wait_s"] < 120
    assert found["puts"] == {"sent": 1, "rejected": 1, "throttled": 0, "unavailable": 0, "unauthorized": 0}
    assert 0 <= found["calls_last_s"] <= 3
    printed = commands.run("status").stdout
    assert "4 pending, 2 in flight" in printed
    assert "1 letters; 2 receipts so far" in printed


def test_what_is_in_flight_for_long_is_the_oldest_wait(held: Runtime, commands: Commands) -> None:
    record(held, 2)
    [taken] = claim(held, 1).claims
    held.redis.hincrby(f"rs:{{default}}:{taken.slot}", "ft", -50_000)
    assert 50 <= commands.status()["oldest_wait_s"] < 80


@pytest.mark.parametrize("due_in_ms", [-60_000, 60_000])
def test_among_many_slots_the_first_and_the_last_are_looked_at(
    held: Runtime, commands: Commands, due_in_ms: int
) -> None:
    record(held, 500)
    oldest = first_due(held)
    held.redis.zincrby("rs:{default}:due", due_in_ms, oldest)
    held.redis.hincrby(f"rs:{{default}}:{oldest}", "pt", -90_000)
    assert 90 <= commands.status()["oldest_wait_s"] < 120


def test_an_application_without_a_limit(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    redis_client.flushall()
    held_by(redis_server, QUICKBLOX_RATE_PER_S="0").redis.close()
    commands = Commands(redis_server.url_of("operator"))
    found = commands.status()
    assert (found["rate_per_s"], found["configured_per_s"], found["calls_last_s"]) == (None, None, None)
    assert "no limit is configured" in commands.run("status").stdout


def test_a_limit_that_was_found_and_a_hold_that_the_api_asked_for(held: Runtime, commands: Commands) -> None:
    record(held, 3)
    settle(held, claim(held, 3), Again("throttled", "throttled", hold_ms=20_000))
    found = commands.status()
    assert found["state"] == "held"
    assert 0 < found["hold_until_ms"] - found["now_ms"] <= 20_000
    assert 1 <= found["rate_per_s"] < found["configured_per_s"] == 100
    printed = commands.run("status").stdout
    assert "held for a while: the API throttles" in printed
    assert "/s now, 100/s at most" in printed


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (Again("status 503", "unavailable", costs_attempt=True), "outage"),
        (Again("status 401", "unauthorized", hold_ms=9_000), "key"),
    ],
)
def test_a_breaker_that_is_open(held: Runtime, commands: Commands, outcome: Again, why: str) -> None:
    record(held, 2)
    settle(held, claim(held, 2), outcome)
    found = commands.status()
    assert (found["state"], found["breaker"]["why"]) == ("open", why)
    assert 0 <= found["now_ms"] - found["breaker"]["since_ms"] < 60_000
    assert 0 < found["breaker"]["next_probe_ms"] - found["breaker"]["since_ms"] <= 9_000
    assert "breaker      open since 2" in commands.run("status").stdout


def test_several_applications(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    redis_client.flushall()
    commands = Commands(redis_server.url_of("operator"), RECEIPTS_APPLICATIONS="shop,games")
    for every in ([], ["--application", "all"]):
        assert [each["application"] for each in commands.json("status", *every)["applications"]] == ["shop", "games"]
    [one] = commands.json("status", "--application", "games")["applications"]
    assert one["application"] == "games"
    assert commands.run("status").stdout.count("application  ") == 2
    assert commands.run("pause", "why").exit_code == 2
    assert commands.run("pause", "--application", "shop", "why").exit_code == 0
    assert [each["state"] for each in commands.json("status")["applications"]] == ["paused", "sending"]


# Whatever lies in the ledger ------------------------------------------------------------------------------------

EVIL = [
    b"",
    b"\xff\xfe\x00",
    b"nan",
    b"inf",
    b"-1e308",
    b"9" * 5000,
    b"1e400",
    b"0x10",
    b"\x1b[2J\n",
    b"99999999999999",
]
FIELDS = (
    ["limit", "low", "peak", "hold", "open", "till", "outage", "why", "paused", "paused_why"],
    ["pending", "in_flight", "dead", "puts_sent"],
)


@pytest.mark.parametrize("evil", EVIL)
def test_no_bytes_in_a_field_raise_anything(held: Runtime, commands: Commands, evil: bytes) -> None:
    record(held, 1)
    for key, fields in zip(("pace", "counts"), FIELDS, strict=True):
        held.redis.hset(f"rs:{{default}}:{key}", mapping=dict.fromkeys([*fields, evil], evil))
    held.redis.hset("rs:{default}:policy", "rate_per_s", evil)
    held.redis.hset(f"rs:{{default}}:{first_due(held)}", "pt", evil)
    held.redis.zadd("rs:{default}:due", {evil: "-inf", b"m:" + evil: "inf"})
    held.redis.zadd("rs:{default}:leases", {evil: 0})
    held.redis.hset(PACE, mapping={"why": "key", "paused": 1})  # so that the others are looked at
    for output in (commands.run("status").stdout, json.dumps(commands.json("status"))):
        assert output.replace("\n", "").isprintable()


@pytest.mark.parametrize("kind", ["string", "list"])
@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_another_type_is_named_and_the_rest_is_shown(
    held: Runtime, commands: Commands, key: str, kind: str
) -> None:
    record(held, 3)
    held.redis.delete(f"rs:{{default}}:{key}")
    if kind == "string":
        held.redis.set(f"rs:{{default}}:{key}", "garbage")
    else:
        held.redis.lpush(f"rs:{{default}}:{key}", "garbage")
    found = commands.status()
    assert found["unreadable"] == [key]
    assert found["pending"] == (0 if key == "counts" else 3)
    assert f"unreadable   {key}" in commands.run("status").stdout


def test_nothing_is_written(held: Runtime, commands: Commands) -> None:
    record(held, 3)
    claim(held, 1)
    before = {key: held.redis.dump(key) for key in held.redis.scan_iter()}
    commands.run("status")
    assert {key: held.redis.dump(key) for key in held.redis.scan_iter()} == before


# pause and resume -----------------------------------------------------------------------------------------------


def test_a_pause_keeps_everything_and_resuming_sends_it(held: Runtime, commands: Commands) -> None:
    record(held, 2)
    assert commands.run("pause", "the API moves").stdout.startswith("default is paused: receipts are kept")
    assert claim(held, 2).claims == []
    found = commands.status()
    assert (found["state"], found["pending"], found["paused"]["why"]) == ("paused", 2, "the API moves")
    assert ": the API moves" in commands.run("status").stdout
    assert "was paused already since 2" in commands.run("pause", "still moving").stdout
    assert "goes on; it was paused since 2" in commands.run("resume").stdout
    assert commands.run("resume").stdout == "default was not paused.\n"
    assert len(claim(held, 2).claims) == 2


def test_pause_and_resume_for_programs(commands: Commands) -> None:
    assert commands.json("pause", "first") == {"application": "default", "paused": True, "why": "first", "before": None}
    again = commands.json("pause", "second")
    assert (again["why"], again["before"]["why"]) == ("second", "first")
    assert commands.json("resume")["before"] == {"since_ms": again["before"]["since_ms"], "why": "second"}
    assert commands.json("resume") == {"application": "default", "paused": False, "before": None}


@pytest.mark.parametrize("why", ["", "  ", "two\nlines", "\x1b[2J", "x" * 201])
def test_a_pause_needs_a_reason(commands: Commands, why: str) -> None:
    result = commands.run("pause", why)
    assert (result.exit_code, "is no reason: expected 1 to 200 printable characters" in result.stderr) == (2, True)
    assert commands.status()["state"] == "sending"


@pytest.mark.parametrize("arguments", [["pause"], ["pause", "a", "b"], ["resume", "why"]])
def test_a_wrong_call_ends_with_2(commands: Commands, arguments: list[str]) -> None:
    assert commands.run(*arguments).exit_code == 2


@pytest.mark.parametrize("command", [["status"], ["pause", "why"], ["resume"]])
def test_every_command_ends_as_all_do(commands: Commands, redis_server: RedisServer, command: list[str]) -> None:
    unknown = commands.run(*command, "--application", "shop")
    assert (unknown.exit_code, "no application 'shop'" in unknown.stderr) == (2, True)
    assert Commands(redis_server.url_of("operator"), RECEIPTS_DEAD_KEEP_S="for ever").run(*command).exit_code == 1
    away = Commands(f"redis://:pass-word@127.0.0.1:{free_port()}/0").run(*command)
    assert (away.exit_code, "the ledger was not reached at" in away.stderr) == (3, True)
    assert "pass-word" not in away.output
