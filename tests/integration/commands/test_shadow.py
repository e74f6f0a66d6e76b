"""`python -m worker shadow` and the producers' `ShadowQueue`: what is noted, and counted, and what never happens."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
import redis

from receipt_sync import InvalidReceipt, ShadowQueue
from receipt_sync.shadow import NOTES_KEPT
from stack.redis_server import RedisServer
from tests.integration.operating import Commands
from tests.shorthand import DIALOG, MARKS, USER, delivered, edit, msg, read

PRIVATE, TOKEN = "a text that nobody else may read", "a-session-token"
STREAM = "rs:{default}:shadow"
ROWS = [f"{t},read,{DIALOG},{user},{msg(1)},0" for t, user in ((0, 7), (0.5, 7), (0.75, 8), (5, 7))]


@pytest.fixture
def noting(redis_server: RedisServer, redis_client: redis.Redis) -> ShadowQueue:
    assert redis_client.dbsize() == 0
    return ShadowQueue(redis_server.url_of("producer"))


@pytest.fixture
def looking(redis_server: RedisServer) -> Commands:
    return Commands(redis_server.url_of("operator"), RECEIPTS_GATHER_MIN_S="0", RECEIPTS_GATHER_MAX_S="2")


def journal(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "journal.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["t,kind,dialog,user,message,revision", *rows]).encode()))
    return str(path)


# Journals -------------------------------------------------------------------------------------------------------


def test_a_journal_is_replayed(looking: Commands, tmp_path: Path) -> None:
    answer = looking.json("shadow", journal(tmp_path, *ROWS), "--wait", "1", "--wait", "0.25")
    assert (answer["receipts"], answer["seconds"]) == (4, 5)
    names = ("gather_min_s", "gather_max_s", "puts", "absorbed", "saved", "longest_wait_s", "busiest_second")
    assert [tuple(each[name] for name in names) for each in answer["waits"]] == [
        (0.25, 0.25, 2, 2, 0.5, 0.25, 2),
        (1, 1, 2, 1, 0.5, 1, 2),
        (0, 2, 2, 2, 0.5, 0, 2),
    ]
    unnamed = looking.json("shadow", journal(tmp_path, *ROWS), "--wait", "1", "--without-names")["waits"][0]
    assert (unnamed["puts"], unnamed["absorbed"]) == (3, 0)


def test_it_needs_no_redis(tmp_path: Path) -> None:
    result = Commands("redis://127.0.0.1:1/0").run("shadow", journal(tmp_path, *ROWS))
    assert result.exit_code == 0
    assert "4 receipts in 5 s, 0.8 a second: a call each without receipt sync." in result.stdout
    assert result.stdout.splitlines()[-1].startswith("0 to 2 s, as set  2     50.0%")


def test_above_the_rate_is_said(tmp_path: Path) -> None:
    commands = Commands("redis://127.0.0.1:1/0", QUICKBLOX_RATE_PER_S="1")
    assert "2 (the rate is 1)" in commands.run("shadow", journal(tmp_path, *ROWS)).stdout


@pytest.mark.parametrize("options", [["--for", "1s"], ["--since", "1h"], ["--keep", "kept.csv"]])
def test_what_is_for_live_traffic_alone(looking: Commands, tmp_path: Path, options: list[str]) -> None:
    assert looking.run("shadow", journal(tmp_path, *ROWS), *options).exit_code == 2


def test_a_journal_that_is_none(looking: Commands, tmp_path: Path) -> None:
    result = looking.run("shadow", journal(tmp_path, f"0,seen,{DIALOG},7,,0"))
    assert (result.exit_code, "line 2, column kind: expected one of read" in result.stderr) == (2, True)


# Live -----------------------------------------------------------------------------------------------------------


def test_live_traffic_is_counted_and_kept(noting: ShadowQueue, looking: Commands, tmp_path: Path) -> None:
    noting.mark_dialog_read(DIALOG, user_id=USER, up_to=msg(1))
    noting.mark_dialog_read(DIALOG, user_id=USER, up_to=msg(2))
    noting.mark_dialog_delivered(DIALOG, user_id=USER)
    noting.edit_message(DIALOG, msg(1), PRIVATE, token=TOKEN)
    noting.record_many([read(7, 8), delivered(9), edit(PRIVATE, 2), read(token=TOKEN)])
    kept = tmp_path / "kept.csv"
    answer = looking.json("shadow", "--since", "1m", "--for", "1s", "--wait", "30", "--keep", str(kept))
    assert (answer["receipts"], answer["waits"][0]["puts"]) == (9, 3)
    again = looking.json("shadow", str(kept), "--wait", "30")
    assert (again["receipts"], again["waits"][0]["puts"]) == (9, 3)
    assert PRIVATE not in kept.read_text()


def test_nothing_is_recorded_and_nothing_private_is_noted(noting: ShadowQueue, redis_client: redis.Redis) -> None:
    noting.record_many([edit(PRIVATE, 1, token=TOKEN), read(token=TOKEN)])
    client: Any = redis_client
    assert client.keys() == [STREAM.encode()]
    noted = client.xrange(STREAM)
    assert [fields[b"kind"] for _, fields in noted] == [b"e", b"r"]
    assert PRIVATE.encode() not in repr(noted).encode()
    assert TOKEN.encode() not in repr(noted).encode()
    assert 0 < client.pttl(STREAM) <= 86_400_000


def test_its_room_is_bounded(noting: ShadowQueue, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    assert NOTES_KEPT == 100_000
    monkeypatch.setattr("receipt_sync.shadow.NOTES_KEPT", 200)
    noting.record_many([read()] * 2000)
    client: Any = redis_client
    assert 200 <= client.xlen(STREAM) <= 400


def test_it_checks_as_the_real_one(noting: ShadowQueue) -> None:
    with pytest.raises(InvalidReceipt):
        noting.mark_dialog_read("nonsense", user_id=1)
    with pytest.raises(InvalidReceipt):
        noting.record_many([read(), "nonsense"])  # type: ignore[list-item]


def test_entries_of_another_hand_are_passed_over(
    noting: ShadowQueue, looking: Commands, redis_client: redis.Redis
) -> None:
    noting.record_many([read()])
    redis_client.xadd(STREAM, {"kind": "r", "slot": "garbage"})
    redis_client.xadd(STREAM, {"kind": "r", "slot": MARKS, "ids": "x"})
    assert looking.json("shadow", "--since", "1m", "--for", "1s")["receipts"] == 1


def test_when_nobody_notes_anything(looking: Commands, redis_client: redis.Redis) -> None:
    assert redis_client.ping()
    assert "Nothing was noted" in looking.run("shadow", "--for", "1s").stdout
