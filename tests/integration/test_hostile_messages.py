"""Hostile bytes in the broker's queues, against a real worker: it lives on, and what lies behind them is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import pytest

from tests.integration.raw_messages import JUNK, ODD_DOORBELLS, PRIVATE, READ, WRONG, call, envelope
from tests.running import System, until

USER = 123
_dialogs, _good = count(100), count()
# What Celery says when its event loop has come to harm.
HARM = (
    "Traceback",
    "Unrecoverable",
    "Connection to broker lost",
    "Could not restore",
    "WorkerLost",
    "raised unexpected",
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    directory: Path = tmp_path_factory.mktemp("hostile")
    # Syncs that do not stay for long: several tests wait until none is unacknowledged.
    system = System(directory, {"RECEIPTS_LOG_LEVEL": "INFO", "RECEIPTS_SYNC_TIME_S": "1"})
    try:
        system.start_worker()
        yield system
    finally:
        system.stop()


class Harmless:
    """Pushes items before good calls, and sees that the worker has not noticed more than it says."""

    def __init__(self, system: System) -> None:
        self.system = system
        [self.worker] = system.workers
        self.children = set(self.worker.children())
        self.before = len(self.worker.log.text())

    def push(self, queue: str, *items: bytes) -> None:
        for item in items:
            self.system.redis.lpush(queue, item)

    def good_calls_get_through(self, dialogs: int = 2) -> None:
        # Never the same twice: a slot that an earlier call has left would be taken for this one's.
        wanted = [f"c{number:023x}" for number in islice(_good, dialogs)]
        for dialog_id in wanted:
            self.push("receipts", call(dialog_id=dialog_id, user_id=USER))
        slots = [f"rs:{{default}}:m:{dialog_id}:u{USER}" for dialog_id in wanted]
        until(lambda: all(self.system.redis.hexists(slot, "R") for slot in slots), "the good calls recorded")

    def nothing_is_left(self) -> None:
        redis = self.system.redis
        until(lambda: not redis.hlen("unacked") and not redis.zcard("unacked_index"), "nothing unacknowledged")
        assert redis.llen("receipts") == 0
        assert self.worker.alive
        assert set(self.worker.children()) == self.children
        said = self.worker.log.text()[self.before :]
        assert not [word for word in HARM if word in said], said[-3000:]
        assert PRIVATE not in said


@pytest.mark.parametrize("items", [JUNK, WRONG], ids=["junk", "wrong"])
@pytest.mark.parametrize("queue", ["receipts", "receipts.sync"])
def test_bytes_that_are_no_call_stop_nobody(system: System, queue: str, items: dict[str, bytes]) -> None:
    harmless = Harmless(system)
    harmless.push(queue, *items.values())
    harmless.good_calls_get_through()
    until(lambda: system.redis.llen(queue) == 0, "all taken")
    harmless.nothing_is_left()


def test_junk_is_counted_and_a_call_that_can_be_recognised_is_a_dead_letter(system: System) -> None:
    before, letters = refused(system), len(system.dead_letters())
    harmless = Harmless(system)
    unknown = envelope(body=[[PRIVATE], {"token": PRIVATE, "text": "kept"}, {}], headers__task="receipts.mark_seen")
    harmless.push("receipts", JUNK["no JSON"], JUNK["headers: a list"], json.dumps(unknown).encode())
    harmless.good_calls_get_through()
    harmless.nothing_is_left()
    assert refused(system) == before + 2
    [letter] = [letter for letter in system.dead_letters()[letters:] if "task" in letter]
    assert (letter["task"], letter["reason"], letter["receipts"]) == (
        "receipts.mark_seen",
        "refused: unknown task",
        "1",
    )
    assert json.loads(letter["arguments"]) == {"args": ["(secret)"], "kwargs": {"token": "(secret)", "text": "kept"}}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ten megabytes", " bytes, at most 1572864 are taken"),
        ("compressed", "compressed"),
        ("tag: missing", "no delivery tag or no delivery info"),
        ("properties: missing", "no properties or no headers"),
        ("body: base64 garbage", "the body cannot be decoded: Error"),
    ],
)
def test_what_cannot_be_taken_and_names_one_of_our_tasks_is_a_dead_letter(system: System, name: str, why: str) -> None:
    """A client in another language that forgets something must not look for its receipts in vain."""
    before, letters = refused(system), len(system.dead_letters())
    harmless = Harmless(system)
    harmless.push("receipts", JUNK[name])
    harmless.good_calls_get_through()
    harmless.nothing_is_left()
    assert refused(system) == before
    [letter] = [letter for letter in system.dead_letters()[letters:] if "task" in letter]
    assert (letter["task"], letter["arguments"], letter["cut"]) == (READ, "{}", "1")
    assert letter["reason"].startswith("refused: ")
    assert letter["reason"].endswith(why)


def refused(system: System) -> int:
    return int(system.redis.hget("rs:{default}:counts", "refused") or 0)


def test_doorbells_of_another_version_or_application_stop_nobody(system: System) -> None:
    harmless = Harmless(system)
    harmless.push("receipts.sync", *ODD_DOORBELLS.values())
    harmless.good_calls_get_through()
    until(lambda: system.redis.llen("receipts.sync") == 0, "all taken")
    harmless.nothing_is_left()
    assert "a doorbell that is not for this worker" in harmless.worker.log.text()[harmless.before :]


def test_a_call_of_task_protocol_1_is_recorded(system: System) -> None:
    dialog_id = "f" * 24
    body = {"task": READ, "id": "old", "args": [dialog_id], "kwargs": {"user_id": USER}, "retries": 0, "eta": None}
    Harmless(system).push("receipts", json.dumps(envelope(body=body, headers={})).encode())
    until(lambda: system.redis.hexists(f"rs:{{default}}:m:{dialog_id}:u{USER}", "R"), "the old call recorded")


def test_garbage_among_the_unacknowledged_is_taken_out_and_what_lies_behind_comes_back(system: System) -> None:
    harmless = Harmless(system)
    good = json.loads(call(dialog_id="a" * 24, user_id=USER))
    stored = {
        "junk": b"\xff garbage",
        "number": b"5",
        "short": b"[1, 2]",
        "no envelope": b'[["a-private-text"], "receipts", "receipts"]',
        "no headers": json.dumps([envelope(headers=None), "receipts", "receipts"]).encode(),
        "good": json.dumps([good, "receipts", "receipts"]).encode(),
    }
    for place, (tag, item) in enumerate(stored.items()):
        system.redis.hset("unacked", tag, item)
        system.redis.zadd("unacked_index", {tag: 1000 - place})  # long ago; the garbage first
    until(lambda: system.redis.hexists(f"rs:{{default}}:m:{'a' * 24}:u{USER}", "R"), "the good one handed out again")
    harmless.nothing_is_left()


def test_garbage_among_the_bindings_stops_no_doorbell(system: System) -> None:
    harmless = Harmless(system)
    for exchange in ("receipts", "receipts.sync"):
        system.redis.sadd(f"_kombu.binding.{exchange}", b"garbage", b"a\x06\x16b", b"")
    before = len(system.puts())
    dialog_id, _ = system.dialog(1)
    system.receipts.mark_dialog_read(dialog_id, user_id=USER)
    until(lambda: len(system.puts()) > before, "a PUT")
    harmless.nothing_is_left()


def test_a_control_message_that_is_none_stops_nobody(system: System) -> None:
    harmless = Harmless(system)
    for item in (*(JUNK[name] for name in ("no JSON", "a list", "null", "no envelope", "tag: a list")), b"5"):
        assert system.redis.publish("/0.celery.pidbox", item) == 1
    harmless.good_calls_get_through()
    harmless.nothing_is_left()


@pytest.mark.parametrize("key", ["receipts", "receipts.sync", "unacked", "unacked_index"])
def test_a_key_of_the_broker_that_holds_something_else_is_set_aside(system: System, key: str) -> None:
    [worker] = system.workers
    system.redis.delete(key)
    system.redis.set(key, "garbage")
    if key.startswith("unacked"):  # looked at when the broker refuses something; that message is lost
        system.redis.lpush("receipts", call(dialog_id="b" * 24, user_id=USER))
    until(lambda: f"set aside: key={key} expected=" in worker.log.text(), "said")
    assert system.redis.get(f"{key}:broken") == b"garbage"
    Harmless(system).good_calls_get_through()
    a_receipt_is_sent(system)
    assert worker.alive


def test_a_lock_of_the_broker_that_never_runs_out_is_removed(system: System) -> None:
    """Else nothing that a killed worker held would ever come back."""
    [worker] = system.workers
    system.redis.set("unacked_mutex", "garbage")
    until(lambda: "lock of the broker's without an end was removed: key=unacked_mutex" in worker.log.text(), "said")
    assert system.redis.get("unacked_mutex") != b"garbage"
    a_receipt_is_sent(system)


def a_receipt_is_sent(system: System) -> None:
    """A receipt of its own: one for a dialog that has been used would say nothing."""
    dialog_id, _ = system.dialog(next(_dialogs))
    system.receipts.mark_dialog_read(dialog_id, user_id=USER)
    until(lambda: any(dialog_id in str(put) for put in system.puts()), "a PUT")


BINDINGS = (
    "_kombu.binding.receipts",
    "_kombu.binding.receipts.sync",
    "_kombu.binding.celery.pidbox",
    "_kombu.binding_permanent.receipts.sync",
    "_kombu.binding_deadlines",
)


@pytest.mark.parametrize("key", BINDINGS)
def test_bindings_of_another_type_are_set_aside_when_the_worker_connects_again(system: System, key: str) -> None:
    [worker] = system.workers
    system.redis.set(key, "garbage")
    system.redis.client_kill_filter(_type="normal", skipme=True)
    until(lambda: f"set aside: key={key} expected=" in worker.log.text(), "said")
    a_receipt_is_sent(system)
    assert system.redis.get(f"{key}:broken") == b"garbage"
    assert worker.alive


def test_bindings_of_another_type_are_set_aside_before_a_worker_is_ready(tmp_path: Path) -> None:
    system = System(tmp_path, {})
    try:
        for key in BINDINGS:
            system.redis.set(key, "garbage")
        worker = system.start_worker()
        assert [key for key in BINDINGS if f"set aside: key={key} expected=" not in worker.log.text()] == []
        assert "Connection to broker lost" not in worker.log.text()
        a_receipt_is_sent(system)
    finally:
        system.stop()
