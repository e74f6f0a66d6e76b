import sys
from pathlib import Path
from signal import SIGTERM

import pytest

from stack.process import ProcessError
from stack.services import PROJECT, start_from_procfile, start_sandbox


@pytest.fixture
def procfile(tmp_path: Path) -> Path:
    path = tmp_path / "Procfile"
    path.write_text(
        "worker: python -c 'import os, sys, time; print(os.getpid(), sys.argv[1:]); time.sleep(60)' $COLOUR\n"
    )
    return path


def interpreter(tmp_path: Path, script: str) -> Path:
    path = tmp_path / "a python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_starts_the_procfiles_own_command_without_a_shell_between(procfile: Path, tmp_path: Path) -> None:
    with start_from_procfile("worker", {"COLOUR": "blue"}, tmp_path, "--name 'a b'", procfile=procfile) as worker:
        assert worker.wait_for_line("[") == f"{worker.pid} ['blue', '--name', 'a b']"
        assert worker.log.path == tmp_path / "worker.log"
    assert worker.exit_code == -SIGTERM


def test_runs_in_the_project_with_our_own_programs(tmp_path: Path) -> None:
    procfile = tmp_path / "Procfile"
    script = "import os, sys; print(os.getcwd()); print(sys.executable); import receipt_sync, settings"
    procfile.write_text(f'where: python -c "{script}"\n')
    with start_from_procfile("where", {}, tmp_path, procfile=procfile, label="where 2") as process:
        assert process.wait(30) == 0
    cwd, executable = process.log.lines(half=True)
    assert Path(cwd).samefile(PROJECT)
    assert Path(executable).parent.samefile(Path(sys.executable).parent)
    assert process.log.path.name == "where 2.log"


def test_a_process_that_the_procfile_lacks_is_told(procfile: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a process 'flower', found worker"):
        start_from_procfile("flower", {}, tmp_path, procfile=procfile)


def test_the_sandbox_is_started_by_its_command_and_waited_for(tmp_path: Path) -> None:
    python = interpreter(
        tmp_path, 'echo "called with $*"; echo "sandbox listens on http://127.0.0.1:4711"; exec sleep 60'
    )
    with start_sandbox(python, 4711, tmp_path, api_key="k 1", quiet=True) as sandbox:
        lines = sandbox.log.lines(half=False)
    assert lines[0] == "called with -m sandbox --port 4711 --api-key k 1 --quiet"


def test_a_sandbox_that_does_not_come_up_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match=r"sandbox listens on.*exit code 2(.|\n)*no such option"):
        start_sandbox(interpreter(tmp_path, "echo no such option; exit 2"), 4711, tmp_path)
