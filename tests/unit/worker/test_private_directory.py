"""Directories in a `/tmp` that others use, too."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from worker.health.report import Reporter, directory, reports
from worker.private_directory import make_private, of_this_user


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_made_for_this_user_alone_and_used_again() -> None:
    where = of_this_user("beat")
    make_private(where)
    make_private(where)
    assert where.name == f"receipt-sync-beat-{os.getuid()}"
    assert stat.S_IMODE(where.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
def test_one_that_others_may_write_into_is_refused(mode: int) -> None:
    of_this_user("beat").mkdir()
    of_this_user("beat").chmod(mode)
    with pytest.raises(PermissionError, match=r"^others may write into .*receipt-sync-beat-"):
        make_private(of_this_user("beat"))


def test_a_link_is_refused(shared: Path) -> None:
    (shared / "elsewhere").mkdir(mode=0o700)
    of_this_user("beat").symlink_to(shared / "elsewhere")
    with pytest.raises(PermissionError, match=r"is no directory of its own$"):
        make_private(of_this_user("beat"))


def test_somebody_elses_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    where = of_this_user("beat")
    where.mkdir(mode=0o700)
    owner = where.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(PermissionError, match=f"belongs to user {owner}, not to {owner + 1}$"):
        make_private(where)


def test_a_worker_reports_into_no_directory_of_anothers_unless_it_is_set() -> None:
    where = directory(None)
    where.mkdir()
    where.chmod(0o777)
    with pytest.raises(PermissionError):
        Reporter(where, "worker", "w@host")


def test_one_that_is_set_may_be_shared(shared: Path) -> None:
    (shared / "set").mkdir()
    (shared / "set").chmod(0o777)
    Reporter(directory(shared / "set"), "worker", "w@host").write(live=True, ready=True)
    assert [each.name for each in reports(shared / "set", "worker")] == ["w@host"]


def test_no_link_at_a_reports_name_is_followed(shared: Path) -> None:
    precious = shared / "precious"
    precious.write_text("precious", encoding="utf-8")
    reporter = Reporter(directory(None), "worker", "w@host")
    (directory(None) / f"worker-{os.getpid()}.new").symlink_to(precious)
    reporter.write(live=True, ready=True)
    reporter.write(live=True, ready=True)
    assert precious.read_text(encoding="utf-8") == "precious"
    assert len(reports(directory(None), "worker")) == 1
