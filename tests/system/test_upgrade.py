"""Upgrade and rollback with receipts in the ledger: an older tree's workers beside this one's, under load."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import subprocess
import tarfile
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest

from receipt_sync import MarkRead
from tests.running import PROJECT, StartSystem, System, until
from tests.system.loading import load

# The last tree without notices, histograms, traces and sealed tokens in its ledger.
BEFORE = "2254343"
# So long that no request is taken for lost on a busy machine: a PUT sent twice would be the upgrade's doing.
PATIENT = {"QUICKBLOX_READ_TIMEOUT_S": "30", "RECEIPTS_LEASE_MARGIN_S": "10"}
DIALOGS = 30
USERS = range(100, 300)
GONE_WITHIN_S = 20.0


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of an older commit."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("without git there is no older tree to upgrade from")
    archive = subprocess.run([git, "archive", BEFORE], cwd=PROJECT, capture_output=True, check=False)
    if archive.returncode:
        said = archive.stderr.decode(errors="replace").strip()
        pytest.skip(f"no older tree: the whole history up to {BEFORE} is needed; git says: {said}")
    tree = tmp_path_factory.mktemp("older tree")
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        # The argument `filter` came with Python 3.11.4; Debian 12 has 3.11.2.
        files.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
        files.extractall(tree)  # noqa: S202 - the archive is git's own, and filtered where Python can
    return tree


def go_on(system: System) -> None:
    """Until workers are in the thick of it."""
    system.wait_for_puts(len(system.puts()) + 20)


def replace(system: System, by: Path) -> None:
    """Starts another tree's worker beside the newest one, lets both work, and stops the first."""
    before = system.workers[-1]
    system.start_worker_of(by)
    go_on(system)
    before.signal(signal.SIGTERM)
    before.wait(GONE_WITHIN_S)
    go_on(system)


def test_upgrade_and_rollback_under_load_lose_nothing_and_send_nothing_twice(
    start_system: StartSystem, older: Path
) -> None:
    system = start_system(**PATIENT)
    dialogs = [system.dialog(i, users=(7, *USERS), messages=1)[0] for i in range(DIALOGS)]
    system.api.faults(latency_ms=300, latency_jitter_ms=200)
    system.start_worker_of(older)
    marks = (MarkRead(dialog_id=dialog_id, user_id=user) for user in USERS for dialog_id in dialogs)
    with load(system, marks):
        go_on(system)
        replace(system, by=PROJECT)
        replace(system, by=older)
    accounts = system.wait_until_settled()
    assert accounts.recorded == accounts.covered
    assert next(marks, None) is not None  # else the load had ended before the last change
    sent = Counter((call.path, call.body, call.user_id) for call in system.puts())
    assert [put for put, times in sent.items() if times > 1] == []


def test_what_an_older_worker_left_is_taken_over(start_system: StartSystem, older: Path) -> None:
    system = start_system(**PATIENT)
    dialog_id, (message_id, *_) = system.dialog(1)
    first = system.start_worker_of(older)
    system.receipts.mark_dialog_read("f" * 24, user_id=123)  # rejected: no such dialog
    system.receipts.edit_message(dialog_id, message_id, "second", user_id=7, revision=2)
    until(lambda: system.accounts().covered == 1 and system.accounts().dead == 1, "one covered, one dead")
    system.operate("pause", "an upgrade")
    first.signal(signal.SIGTERM)
    first.wait(GONE_WITHIN_S)
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    system.receipts.edit_message(dialog_id, message_id, "first", user_id=7, revision=1)
    system.start_worker()
    system.operate("resume")
    until(lambda: system.accounts().covered == 3, "what was pending is covered, or absorbed")
    [letter] = json.loads(system.operate("dead", "list", "--json"))["letters"]
    assert letter["reason"].startswith("rejected")
    texts = [json.loads(call.body)["message"] for call in system.puts() if "message" in call.body]
    assert list(itertools.dropwhile(lambda text: text != "second", texts)) == ["second"]
