"""Beat by the Procfile's command: its jobs are recorded, and nobody but beat sees their arguments."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from celery import Celery

from stack.services import start_from_procfile
from tests.running import System, until

TEXT, TOKEN = "a-private-text", "a-private-token"


def test_jobs_of_the_schedule_file_are_recorded_and_their_arguments_seen_by_nobody(
    system: System, tmp_path: Path
) -> None:
    dialog_id, (message_id, *_) = system.dialog(1)
    token = system.api.session(7, token=TOKEN)
    schedule = tmp_path / "schedule.json"
    kwargs = {"dialog_id": dialog_id, "message_id": message_id, "text": TEXT, "user_id": 7, "token": token}
    schedule.write_text(json.dumps({"edit": {"task": "receipts.edit_message", "every_s": 1, "kwargs": kwargs}}))
    settings = {"RECEIPTS_SCHEDULE_FILE": str(schedule), "RECEIPTS_LOG_LEVEL": "DEBUG"}
    worker = system.start_worker(**settings)
    env = {**settings, "REDIS_URL": system.redis_server.url, "BEAT_STATE": str(tmp_path / "beat")}
    with start_from_procfile("beat", env, tmp_path) as beat:
        until(lambda: system.api.message(message_id)["message"] == TEXT, "beat's edit at the API")
        beat.stop()
        said = beat.log.text() + worker.log.text()
    said += repr(
        Celery(broker=system.redis_server.url_of("default"), set_as_current=False).control.inspect(timeout=5).conf()
    )
    assert "task_acks_late" in said, "no worker has told its configuration"
    assert TEXT not in said
    assert TOKEN not in said


def test_its_state_is_for_its_user_alone(system: System, tmp_path: Path) -> None:
    schedule = tmp_path / "schedule.json"
    kwargs = {"dialog_id": "5" * 24, "user_id": 7, "token": TOKEN}
    schedule.write_text(json.dumps({"read": {"task": "receipts.mark_dialog_read", "every_s": 600, "kwargs": kwargs}}))
    env = {"RECEIPTS_SCHEDULE_FILE": str(schedule), "REDIS_URL": system.redis_server.url, "TMPDIR": str(tmp_path)}
    kept = tmp_path / f"receipt-sync-beat-{os.getuid()}"
    with start_from_procfile("beat", env, tmp_path) as beat:
        until(lambda: any(TOKEN.encode() in each.read_bytes() for each in kept.glob("*")), "the job in its state")
        beat.stop()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in kept.iterdir()} == {0o600}


def test_another_users_directory_is_refused(system: System, tmp_path: Path) -> None:
    others = tmp_path / f"receipt-sync-beat-{os.getuid()}"
    others.mkdir()
    others.chmod(0o777)
    env = {"REDIS_URL": system.redis_server.url, "TMPDIR": str(tmp_path)}
    with start_from_procfile("beat", env, tmp_path) as beat:
        beat.wait_for_line("others may write into")
        assert beat.wait(30) != 0
    assert list(others.iterdir()) == []
