"""The Redis users that we document: each has what it uses, and nothing else. `make test-acl` runs the rest as them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from receipt_sync import EditMessage, MarkRead, ReceiptQueue
from receipt_sync.functions import RECORDING
from stack.redis_server import RedisServer
from stack.services import PROJECT
from tests.integration.operating import Commands
from worker.ledger.functions import CLAIM, LEDGER
from worker.metrics.values import read_values

USERS = PROJECT / "docker" / "redis" / "users.acl"
DIALOG, MESSAGE = "53a99a7be4b094c7c6d31b41", "53a99a7be4b094c7c6d31b43"
CALLED = re.compile(r"(?:redis\.p?call|spared)\(\s*'([A-Z]+)'")
# What every client of ours calls beside the functions' commands: functions.py, and redis-py when it connects.
CLIENT = {"fcall", "function|load", "eval", "evalsha", "client|setinfo"}
WORKER = CLIENT | {
    "exists",  # Ledger.rests
    "ping",  # redis-py, for idle connections
    "info", "config|get",  # ledger/keeping.py
    "subscribe", "unsubscribe",  # ticker.py, staying.py
    "xgroup|create", "xgroup|delconsumer", "xreadgroup", "xautoclaim",  # ledger/notices.py
    "xack", "xpending", "xinfo|groups",
    # kombu/transport/redis.py, and redis-py's pipeline and lock, which it uses
    "multi", "exec", "watch", "unwatch", "script|load", "script|exists", "psubscribe", "punsubscribe",
    "lpush", "rpush", "brpop", "llen", "sadd", "srem", "smembers", "zrevrangebyscore",
}  # fmt: skip
READING = (PROJECT / "worker" / "ledger" / "reading.py").read_text()
READS = set(re.findall(r"\(\"([A-Z]+)\"[,)]", READING)) - {"WRONGTYPE"}
METRICS = {"client|setinfo", "multi", "exec"} | {name.lower() for name in READS}  # ledger/reading.py
SENDER = {
    "client|setinfo", "ping", "multi", "exec", "llen", "lpush", "sadd",  # kombu, to send a task to a queue
    "info",  # ioredis 4, before it says that it is ready
}  # fmt: skip
PRODUCER = CLIENT | {"xadd"}  # receipt_sync/shadow.py
OPERATOR = CLIENT | METRICS | {
    "info", "config|get", "exists",  # ledger/keeping.py, doctor
    "xrevrange", "scan", "zscan", "zscore",  # ledger/letterbox.py, searching.py, slots.py
    "pubsub|numsub", "xread",  # ledger/listening.py, shadow
}  # fmt: skip
# Of the functions that the operator's commands call (pause, replay, drop); these belong to others.
NOT_THE_OPERATORS = {"incr", "pttl", "xtrim"}


# Without any of these nothing is recorded at all; the producer's others are for what has been recorded before.
NEEDED = (
    "fcall",
    "function|load",
    "time",
    "type",
    "hgetall",
    "hset",
    "hincrby",
    "set",
    "publish",
    "zadd",
    "zcard",
    "zrange",
)


def granted(user: str) -> set[str]:
    (line,) = re.findall(rf"^user {user} .*$", USERS.read_text(), re.MULTILINE)
    return {word[1:] for word in line.split() if word.startswith("+")}


def called(source: str) -> set[str]:
    return {name.lower() for name in CALLED.findall(source)}


@pytest.mark.parametrize(
    ("user", "uses"),
    [
        ("producer", PRODUCER | called(RECORDING.source)),
        ("worker", WORKER | called(LEDGER.source) | {"rename", "type"}),
        ("metrics", METRICS),
        ("sender", SENDER),
        ("operator", OPERATOR | called(LEDGER.source) - NOT_THE_OPERATORS),
    ],
)
def test_each_user_is_granted_what_it_uses(user: str, uses: set[str]) -> None:
    assert granted(user) == uses


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    directory: Path = tmp_path_factory.mktemp("users")
    with RedisServer(directory, users=USERS) as started:
        yield started


def play(queue: ReceiptQueue) -> None:
    """Recording in enough ways that each of a producer's commands is called, but those of other servers."""
    mark = {"dialog_id": DIALOG, "user_id": 123}
    queue.record_many([MarkRead(**mark, token="a-token"), MarkRead(**mark, message_ids=[MESSAGE])])  # type: ignore[arg-type]
    queue.record_many([EditMessage(dialog_id=DIALOG, message_id=MESSAGE, text="x", user_id=7)])


@pytest.mark.parametrize("missing", NEEDED)
def test_without_any_of_them_recording_is_refused(server: RedisServer, missing: str) -> None:
    with server.client() as admin, redis.Redis.from_url(server.url_of("producer")) as client:
        admin.flushall()
        admin.execute_command("FUNCTION", "FLUSH")
        admin.execute_command("ACL", "SETUSER", "producer", f"-{missing}")
        try:
            with pytest.raises(redis.ResponseError, match=r"(?i)permission|ACL|LEDGER"):
                play(ReceiptQueue(client=client))
        finally:
            admin.execute_command("ACL", "SETUSER", "producer", f"+{missing}")
        play(ReceiptQueue(client=client))


OTHERS_KEYS = [("GET", "someone-elses"), ("LPUSH", "receipts", "x"), ("HGETALL", "unacked"), ("DEL", "celery")]
DANGEROUS = [
    ("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "SET", "maxmemory", "1"), ("SHUTDOWN",), ("ACL", "LIST"),
    ("FUNCTION", "FLUSH"), ("SCRIPT", "FLUSH"), ("REPLICAOF", "h", "1"), ("MONITOR",),
    ("CLIENT", "KILL", "ID", "1"), ("PUBLISH", "someone-elses", "x"), ("SAVE",), ("MIGRATE", "h", "1", "k", "0", "1"),
]  # fmt: skip


@pytest.mark.parametrize("user", ["producer", "worker", "operator", "metrics", "sender"])
@pytest.mark.parametrize("command", DANGEROUS, ids="-".join)
def test_nobody_is_granted_what_could_harm_the_server(server: RedisServer, user: str, command: tuple[str, ...]) -> None:
    with redis.Redis.from_url(server.url_of(user)) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command)


@pytest.mark.parametrize("user", ["producer", "operator", "metrics"])
@pytest.mark.parametrize("command", OTHERS_KEYS, ids="-".join)
def test_the_broker_is_not_theirs(server: RedisServer, user: str, command: tuple[str, ...]) -> None:
    with redis.Redis.from_url(server.url_of(user)) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command)


SENDERS_NOT = [
    ("LRANGE", "receipts", "0", "-1"), ("BRPOP", "receipts", "1"), ("LPUSH", "receipts.sync", "x"),
    ("HGETALL", "unacked"), ("HSET", "rs:{default}:counts", "x", "1"), ("SMEMBERS", "_kombu.binding.receipts"),
    ("DEL", "receipts"),
]  # fmt: skip


@pytest.mark.parametrize("command", SENDERS_NOT, ids="-".join)
def test_a_sender_sends_and_reads_nothing(server: RedisServer, command: tuple[str, ...]) -> None:
    with redis.Redis.from_url(server.url_of("sender")) as client:
        client.lpush("receipts", "x")
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command(*command)


def test_a_producer_cannot_claim(server: RedisServer) -> None:
    with server.client() as admin, redis.Redis.from_url(server.url_of("producer")) as client:
        admin.flushall()
        play(ReceiptQueue(client=client))
        with pytest.raises(redis.ResponseError, match=r"(?i)permission|ACL"):
            CLAIM.call(client, "rs:{default}", 10, 60_000, "a-permit", 3000, 2)
        assert admin.zcard("rs:{default}:leases") == 0


def test_no_function_of_a_producer_reaches_another_key(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url_of("producer")) as client:
        for script in ("return redis.call('GET', 'celery')", "return redis.call('HSET', KEYS[1], 'a', 'b')"):
            with pytest.raises(redis.ResponseError, match=r"(?i)permission|ACL"):
                client.eval(script, 1, "someone-elses")


def test_the_exporter_reads_and_writes_nothing(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url_of("metrics")) as client:
        play(ReceiptQueue(server.url_of("producer")))
        assert read_values(client, "default")
        refused: tuple[tuple[str, ...], ...] = (
            ("HSET", "rs:{default}:counts", "x", "1"),
            ("ZADD", "rs:{default}:due", "1", "x"),
            ("FCALL", "f", "0"),
        )
        for command in refused:
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)


@pytest.mark.parametrize(("user", "about"), [("operator", "broker"), ("worker", "ledger")])
def test_what_a_user_may_not_look_at_is_no_fault_of_the_server(server: RedisServer, user: str, about: str) -> None:
    url = server.url_of(user)
    result = Commands(url, CELERY_BROKER_URL=url).run("doctor", "--json", "--faults")
    unseen = [each for each in json.loads(result.stdout)["findings"] if "may not look at" in each["found"]]
    assert {each["about"] for each in unseen} == {about}, result.stdout
    assert "not reached at redis" not in result.stdout
