"""Every line that real workers, beat and Flower write is a line of the schema, and nothing private is in any."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
from celery import Celery

from stack.ports import free_port
from stack.process import Process
from stack.services import PROJECT, environment, start_from_procfile
from tests.integration.raw_messages import call
from tests.running import System, until
from worker.logs.schema import schema

TEXT, TOKEN = "a-private-text", "a-private-token"
LINES = jsonschema.Draft202012Validator(schema())


def lines_of(process: Process) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in process.log.lines(half=True)]
    for line in found:
        LINES.validate(line)
    return found


def test_every_line_of_a_hard_day(system: System) -> None:
    """PUTs that are accepted, rejected, retried; wrong calls; junk; a killed process; Redis gone; a warm shutdown."""
    dialog_id, (message_id, *_) = system.dialog(1)
    worker = system.start_worker(RECEIPTS_LOG_LEVEL="DEBUG", SENTRY_RELEASE="1.2.3")
    system.receipts.edit_message(dialog_id, message_id, TEXT, user_id=7, token=system.api.session(7, token=TOKEN))
    system.receipts.mark_dialog_read("f" * 24, user_id=123)
    with Celery(broker=system.redis_server.url, set_as_current=False) as client:
        client.send_task("receipts.mark_dialog_read", kwargs={"dialog_id": TEXT, "token": TOKEN}, queue="receipts")
        client.send_task("receipts.no_such", kwargs={"text": TEXT}, queue="receipts")
        client.send_task("another", kwargs={"text": TEXT}, queue="receipts")
    system.redis.lpush("receipts", b"\xff junk " + TEXT.encode())
    system.redis.lpush("receipts", call(dialog_id=dialog_id, user_id=5))
    system.wait_until_settled()
    system.api.faults(outage=True, first_n=1)
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.wait_until_settled()
    os.kill(worker.children()[0], signal.SIGKILL)
    system.redis_server.kill()
    worker.wait_for_line('"tick.failed"')
    system.redis_server.restart()
    worker.wait_for_line('"tick.again"')
    worker.signal(signal.SIGTERM)
    worker.wait(30)
    lines = lines_of(worker)
    said = Counter(line["event"] for line in lines)
    expected = ("worker.starts", "worker.ready", "put.accepted", "slot.dead", "put.not_accepted", "message.refused")
    assert not {*expected, "message.junk", "tick.failed", "tick.again", "task.failed", "task.received"} - said.keys()
    assert TEXT not in worker.log.text()
    assert TOKEN not in worker.log.text()
    assert dialog_id not in worker.log.text()
    [dead] = [line for line in lines if line["event"] == "slot.dead" and line["status"] == 404]
    assert (dead["level"], dead["verdict"], dead["status"], dead["attempt"]) == ("INFO", "rejected", 404, 1)
    [letter] = [each for each in system.dead_letters() if each.get("status") == "404"]
    assert dead["request_id"] == letter["request_id"]
    assert dead["release"] == "1.2.3"
    assert dead["worker"] == "worker-1@test"
    assert {line["level"] for line in lines if line["event"] in {"task.received", "task.succeeded"}} == {"DEBUG"}


def test_beat_flower_and_the_exporter_write_the_same_lines(system: System, tmp_path: Path) -> None:
    schedule = tmp_path / "schedule.json"
    job = {"task": "receipts.mark_dialog_read", "every_s": 1, "kwargs": {"dialog_id": "f" * 24, "user_id": 1}}
    schedule.write_text(json.dumps({"job": job}))
    env = {**system.environment({}), "RECEIPTS_SCHEDULE_FILE": str(schedule)}
    with (
        start_from_procfile("beat", env | {"BEAT_STATE": str(tmp_path / "beat")}, tmp_path) as beat,
        start_from_procfile("flower", env | {"FLOWER_PORT": str(free_port())}, tmp_path) as flower,
        start_from_procfile("metrics", env | {"METRICS_PORT": str(free_port())}, tmp_path) as exporter,
    ):
        beat.wait_for_line("Sending due task")
        flower.wait_for_line("Visit me at")
        exporter.wait_for_line("metrics can be read")
    assert len(lines_of(beat)) >= 2
    assert len(lines_of(flower)) >= 2
    assert [line["event"] for line in lines_of(exporter)] == ["metrics.served"]


def test_the_level_may_stand_in_a_file(system: System, tmp_path: Path) -> None:
    (tmp_path / "level").write_text("debug\n")
    worker = system.start_worker(RECEIPTS_LOG_LEVEL_FILE=str(tmp_path / "level"))
    system.receipts.mark_dialog_read(system.dialog(0)[0], user_id=123)
    system.wait_until_settled()
    assert {"DEBUG", "INFO"} <= {line["level"] for line in lines_of(worker)}


def test_a_person_at_a_terminal_reads_sentences(system: System) -> None:
    near, far = pty.openpty()
    env = environment({"REDIS_URL": system.redis_server.url})
    command = ["celery", "-A", "worker.app", "worker", "--concurrency=1", "--without-mingle"]
    worker = subprocess.Popen(command, cwd=PROJECT, env=env, stdin=far, stdout=far, stderr=far, start_new_session=True)
    os.close(far)
    said = bytearray()

    def ready() -> bool:
        if select.select([near], [], [], 0)[0]:
            said.extend(os.read(near, 65_536))
        return b" ready." in said

    try:
        until(ready, "ready")
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        os.close(near)
    assert b"[tasks]" in said  # Celery's banner shows them from INFO on
    assert b" INFO    MainProcess the worker starts: processes=1 applications=default" in said
    assert b'"event"' not in said
