"""`python -m worker health`: from the reports alone, quickly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from stack.services import PROJECT, environment
from worker.health.command import main
from worker.health.report import Report, Reporter, directory, reports

DEAD_PID = 2**22 + 1  # beyond Linux' largest

WELL = Report("worker", os.getpid(), "celery@host", live=True, ready=True, why="", written_s=0.0)


@pytest.fixture(autouse=True)
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECEIPTS_HEALTH_DIR", str(tmp_path))
    return tmp_path


def put(where: Path, report: Report, age_s: float = 0.0, number: int = 0) -> None:
    text = json.dumps(asdict(replace(report, written_s=time.monotonic() - age_s)))
    (where / f"{report.role}-{report.pid}{number}.json").write_text(text)


@pytest.mark.parametrize(
    ("question", "report", "age_s", "code", "says"),
    [
        ("live", WELL, 0, 0, "live: celery@host"),
        ("ready", WELL, 0, 0, "ready: celery@host"),
        ("live", replace(WELL, ready=False, why="not connected to the broker"), 0, 0, "live"),
        ("ready", replace(WELL, ready=False, why="not connected to the broker"), 0, 1, "not connected to the broker"),
        ("live", replace(WELL, live=False, why="the ticker hangs"), 0, 1, "the ticker hangs"),
        ("live", WELL, 16, 1, "it has said nothing for 16 s"),
        ("live", WELL, -1000, 1, "it has said nothing for inf s"),  # written before the machine's last start
        ("live", replace(WELL, pid=DEAD_PID), 0, 1, "no worker runs that reports in"),
        ("beat", WELL, 0, 1, "no beat runs that reports in"),
        ("beat", replace(WELL, role="beat", name="beat"), 50, 0, "beat: beat"),
        ("beat", replace(WELL, role="beat", name="beat"), 61, 1, "it has said nothing for 61 s"),
    ],
)
def test_answers(
    where: Path, capsys: pytest.CaptureFixture[str], question: str, report: Report, age_s: float, code: int, says: str
) -> None:
    put(where, report, age_s)
    assert main([question]) == code
    assert says in capsys.readouterr().out


def test_several_must_all_be_well(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(where, WELL, number=1)
    put(where, replace(WELL, name="other@host", live=False, why="the ticker hangs"), number=2)
    assert main(["live"]) == 1
    assert capsys.readouterr().out == f"other@host (pid {os.getpid()}): the ticker hangs\n"


@pytest.mark.parametrize("call", [[], ["well"], ["live", "ready"]])
def test_a_wrong_call_is_told(call: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(call) == 2
    assert "usage: python -m worker health live|ready|beat" in capsys.readouterr().err


def test_a_half_written_or_strange_report_is_none(where: Path) -> None:
    (where / "worker-1.json").write_text("{")
    (where / "worker-2.json").write_text('{"role": "worker"}')
    assert reports(where, "worker") == []


def test_a_reporter_writes_sweeps_and_goes(where: Path) -> None:
    (where / f"worker-{DEAD_PID}.json").write_text(json.dumps(asdict(replace(WELL, pid=DEAD_PID))))
    reporter = Reporter(where, "worker", "celery@host")
    reporter.write(live=True, ready=False, why="not yet")
    [report] = reports(where, "worker")
    assert (report.pid, report.live, report.ready, report.why) == (os.getpid(), True, False, "not yet")
    assert report.age_s < 5
    reporter.end()
    assert list(where.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_an_error(where: Path) -> None:
    (where / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Reporter(where / "file", "worker", "celery@host")


def test_by_default_each_user_has_a_directory_among_the_temporary_ones() -> None:
    assert directory(None).name == f"receipt-sync-health-{os.getuid()}"


def test_it_imports_nothing_that_takes_its_time(where: Path) -> None:
    """By what is imported, not by the clock: celery alone takes more than a second on a slow core."""
    put(where, WELL)
    program = (
        "import sys, runpy; sys.argv = ['worker', 'health', 'live']\n"
        "try: runpy.run_module('worker', run_name='__main__')\n"
        "except SystemExit as end: print(end.code, sorted({'celery', 'redis', 'click', 'pydantic'} & set(sys.modules)))"
    )
    env = environment({"RECEIPTS_HEALTH_DIR": str(where)})
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["live: celery@host", "0 []"], done.stderr
