from pathlib import Path

import pytest

from stack.procfile import commands


def procfile(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "Procfile"
    path.write_text(text)
    return path


def test_reads_names_and_commands(tmp_path: Path) -> None:
    path = procfile(tmp_path, "# the service\nworker: celery -A worker.app worker --pool=threads\n\nbeat:  x: y\n")
    assert commands(path) == {"worker": "celery -A worker.app worker --pool=threads", "beat": "x: y"}


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected each process name once"):
        commands(procfile(tmp_path, "worker: a\nworker: b\n"))


def test_a_file_without_processes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected lines `name: command`, found none"):
        commands(procfile(tmp_path, "# nothing here\n"))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        commands(tmp_path / "Procfile")
