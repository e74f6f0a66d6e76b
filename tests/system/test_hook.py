"""The hook: an application of its own, the one in examples/hook, is told of everything that ended, whatever dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import PATIENCE_S, PROJECT, Process, StartSystem, System, redis_users, until

HOOK = {"RECEIPTS_HOOK_TASK": "chat.receipts_told", "RECEIPTS_HOOK_QUEUE": "chat"}
StartExample = Callable[[System], Process]


def told(start_system: StartSystem) -> System:
    """A system with the hook; its worker's Redis user may write to that queue, as docs/security.md says."""
    system = start_system(**HOOK)
    if redis_users():
        system.redis.acl_setuser("worker", enabled=True, keys=["chat*"])
    return system


@pytest.fixture
def start_example(tmp_path: Path) -> Iterator[StartExample]:
    started: list[Process] = []

    def start(system: System) -> Process:
        options = ("--queues", "chat", "--pool", "solo", "--loglevel", "INFO")
        command = [sys.executable, "-m", "celery", "-A", "told", "worker", *options]
        env = {
            **os.environ,
            "REDIS_URL": system.redis_server.url_of("default"),
            "PYTHONPATH": str(PROJECT / "examples" / "hook"),
        }
        process = Process("example", command, env, tmp_path, tmp_path / f"example-{len(started)}.log")
        started.append(process)
        process.wait_for_line(" ready.", PATIENCE_S)
        return process

    yield start
    for process in started:
        process.stop()


def sentences(system: System) -> list[str]:
    told: list[Any] = system.redis.lrange("chat:told", 0, -1)
    return sorted(line.decode() for line in told)


def test_the_application_is_told_of_what_was_covered_and_of_what_died(
    start_system: StartSystem, start_example: StartExample
) -> None:
    system = told(start_system)
    dialog_id, message_ids = system.dialog(1)
    system.start_worker()
    start_example(system)
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.receipts.edit_message(dialog_id, message_ids[0], "a private text", user_id=7)
    system.receipts.mark_dialog_read("f" * 24, user_id=123)  # no such dialog
    until(lambda: len(sentences(system)) == 3, "three ends told")
    died, edited, read = sentences(system)
    assert died.startswith("1 receipts died: rejected")
    assert edited == f"message {message_ids[0]} was edited in dialog {dialog_id}"
    assert read == f"user 123 has read messages of dialog {dialog_id}"
    until(lambda: system.redis.xpending("rs:{default}:notices", "receipts.hook")["pending"] == 0, "all acknowledged")


def test_nothing_is_missed_when_workers_are_killed(start_system: StartSystem, start_example: StartExample) -> None:
    system = told(start_system)
    dialogs = [system.dialog(number)[0] for number in range(60)]
    workers = [system.start_worker(), system.start_worker()]
    start_example(system)
    for nth, dialog_id in enumerate(dialogs):
        system.receipts.mark_dialog_read(dialog_id, user_id=123)
        if nth == 30:
            workers[0].kill()
    system.start_worker()
    expected = sorted(f"user 123 has read messages of dialog {dialog_id}" for dialog_id in dialogs)
    # Those in the hands of the killed one come to another after a minute.
    until(lambda: set(expected) <= set(sentences(system)), "every dialog told", 2 * PATIENCE_S)


def test_without_the_hook_nothing_is_kept(start_system: StartSystem) -> None:
    system = start_system()
    dialog_id, _ = system.dialog(1)
    system.start_worker()
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_for_puts(1)
    until(lambda: system.accounts().covered == 1, "covered")
    assert not system.redis.exists("rs:{default}:notices")
