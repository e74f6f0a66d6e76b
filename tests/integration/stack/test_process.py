import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGKILL, SIGTERM, SIGUSR1

import psutil
import pytest

from stack import process_table
from stack.process import Process, ProcessError
from stack.services import PROJECT, environment

Start = Callable[..., Process]

TICKS = "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.01; done"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Start]:
    started: list[Process] = []

    def start(script: str, **env: str) -> Process:
        log = tmp_path / "logs" / f"{len(started)}.log"
        started.append(
            Process("a shell", ["/bin/sh", "-c", script], {"PATH": os.environ["PATH"], **env}, tmp_path, log)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()


def lives(pid: int) -> bool:
    return any(row.pid == pid for row in process_table.rows())


def wait_for_the_end(pid: int, witness: Process) -> None:
    witness.wait_until(lambda: not lives(pid), 10, f"the end of {pid}")


def test_returns_the_line_waited_for(shell: Start) -> None:
    process = shell('echo starting; echo "listens on port 4711"; sleep 60')
    assert process.wait_for_line("listens on") == "listens on port 4711"
    assert process.wait_for_line(re.compile(r"port \d+$")) == "listens on port 4711"


def test_a_text_is_not_taken_for_a_pattern(shell: Start) -> None:
    process = shell("echo abc; echo a.c; sleep 60")
    assert process.wait_for_line("a.c") == "a.c"


def test_both_streams_reach_the_log(shell: Start) -> None:
    process = shell("echo to stderr >&2; sleep 60")
    assert process.wait_for_line("to stderr")


def test_gets_the_environment_and_directory_it_is_given(shell: Start, tmp_path: Path) -> None:
    process = shell('echo "$COLOUR in $(pwd -P), home [$HOME]"; sleep 60', COLOUR="blue")
    assert process.wait_for_line("in") == f"blue in {tmp_path.resolve()}, home []"


def test_an_early_end_is_told_with_exit_code_and_last_words(shell: Start) -> None:
    process = shell("for i in $(seq 100); do echo line $i; done; printf 'no such broker'; exit 3")
    with pytest.raises(ProcessError) as caught:
        process.wait_for_line("ready", 30)
    sentence = str(caught.value)
    assert "a shell (pid " in sentence
    assert "waited for the line 'ready': ended with exit code 3" in sentence
    assert str(process.log.path) in sentence
    assert sentence.endswith("line 99\nline 100\nno such broker")
    assert "line 50" not in sentence


def test_a_line_without_an_end_counts_when_the_process_has_ended(shell: Start) -> None:
    assert shell("printf ready").wait_for_line("ready") == "ready"


def test_silence_is_told_when_the_time_is_up(shell: Start) -> None:
    process = shell("echo busy; sleep 60")
    process.wait_for_line("busy")
    with pytest.raises(ProcessError, match=r"waited for the line 'ready': not within 0\.05 s(.|\n)*busy"):
        process.wait_for_line("ready", 0.05)
    assert process.alive


def test_a_condition_is_waited_for_and_named_when_it_does_not_come(shell: Start, tmp_path: Path) -> None:
    process = shell("echo > made; exit 4")
    process.wait_until((tmp_path / "made").exists)
    with pytest.raises(ProcessError, match="waited for the moon: ended with exit code 4"):
        process.wait_until(lambda: False, 30, "the moon")


def test_stop_asks_and_returns_the_exit_code(shell: Start) -> None:
    process = shell('trap "echo farewell; exit 7" TERM; echo ready; while :; do sleep 0.01; done')
    process.wait_for_line("ready")
    assert process.stop() == 7
    assert not process.alive
    assert process.wait_for_line("farewell")


def test_stop_forces_what_does_not_listen(shell: Start) -> None:
    process = shell('trap "" TERM; echo ready; while :; do sleep 0.01; done')
    process.wait_for_line("ready")
    assert process.stop(timeout_s=0.1) == -SIGKILL


def test_stop_reaches_a_paused_process(shell: Start) -> None:
    process = shell('trap "exit 7" TERM; echo ready; while :; do sleep 0.01; done')
    process.wait_for_line("ready")
    process.pause()
    assert process.stop() == 7


def test_stop_asks_the_process_alone_and_leaves_no_child_behind(shell: Start) -> None:
    child = """sh -c 'trap "echo child was asked" TERM; echo child ready; while :; do sleep 0.01; done' &"""
    process = shell(f'trap "exit 0" TERM; {child} wait')
    witness = shell("sleep 60")
    process.wait_for_line("child ready")
    (pid,) = process.children()
    assert process.stop() == 0
    wait_for_the_end(pid, witness)
    assert "child was asked" not in process.log.text()


def test_kill_reaches_grandchildren(shell: Start) -> None:
    process = shell("sh -c 'sh -c \"echo deepest \\$\\$; sleep 60; :\"; :'; :")
    witness = shell("sleep 60")
    grandchild = int(process.wait_for_line("deepest").split()[1])
    (child,) = process.children()
    assert len({process.pid, child, grandchild}) == 3
    assert {process.pid, child, grandchild} <= set(process.group())
    assert process.kill() == -SIGKILL
    wait_for_the_end(child, witness)
    wait_for_the_end(grandchild, witness)
    witness.wait_until(lambda: process.group() == [], 10, "an empty group")


def test_a_dead_processs_orphans_are_ended_too(shell: Start) -> None:
    process = shell("sleep 60 & echo orphan $!; exit 1")
    witness = shell("sleep 60")
    orphan = int(process.wait_for_line("orphan").split()[1])
    assert process.wait(10) == 1
    assert lives(orphan)
    assert process.stop() == 1
    wait_for_the_end(orphan, witness)


def test_a_paused_process_stands_still_until_it_is_resumed(shell: Start) -> None:
    process = shell(TICKS)
    process.wait_for_line("tick 3")
    process.pause()
    process.wait_until(lambda: process.pid in {row.pid for row in process_table.rows() if row.stopped}, 10)
    said = process.log.text()
    with pytest.raises(ProcessError, match="not within"):
        process.wait_until(lambda: process.log.text() != said, 0.2)
    assert process.alive
    process.resume()
    process.wait_until(lambda: process.log.text() != said, 10)


def test_a_signal_reaches_the_process_and_is_no_error_afterwards(shell: Start) -> None:
    process = shell('trap "echo hey" USR1; echo ready; while :; do sleep 0.01; done')
    process.wait_for_line("ready")
    process.signal(SIGUSR1)
    process.wait_for_line("hey")
    process.kill()
    process.signal(SIGTERM)
    process.pause()
    assert process.exit_code == process.kill() == process.stop() == -SIGKILL


def test_waiting_for_an_end_that_does_not_come_is_told(shell: Start) -> None:
    process = shell("sleep 60")
    with pytest.raises(ProcessError, match="waited for its end"):
        process.wait(0.05)


def test_leaving_the_block_stops_it(tmp_path: Path) -> None:
    with Process("a sleeper", ["sleep", "60"], None, tmp_path, tmp_path / "a.log") as process:
        assert process.alive
    assert process.exit_code == -SIGTERM


def test_the_end_of_the_interpreter_ends_what_it_has_started(tmp_path: Path, shell: Start) -> None:
    script = (
        "from pathlib import Path; from stack.process import Process;"
        "here = Path.cwd();"
        "print(Process('left', ['sleep', '60'], None, here, here / 'left.log').pid)"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with Process("forgetful", [sys.executable, "-c", script], env, tmp_path, tmp_path / "a.log") as forgetful:
        assert forgetful.wait(30) == 0
    wait_for_the_end(int(forgetful.log.text()), shell("sleep 60"))


def test_a_program_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        Process("nobody", ["no-such-program"], None, tmp_path, tmp_path / "a.log")


_ENDED_WHILE_STARTING = """
import os, signal, subprocess, sys
from pathlib import Path
from stack import process
from stack.signals import end_what_was_started

class Told(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        print(self.pid, flush=True)
        os.kill(os.getpid(), signal.SIGTERM)

end_what_was_started()
process.subprocess.Popen = Told
process.Process("sleeper", ["sleep", "60"], None, Path.cwd(), Path(sys.argv[1]))
"""


def test_a_program_that_is_ended_while_it_starts_another_orphans_nobody(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _ENDED_WHILE_STARTING, str(tmp_path / "log")]
    ended = subprocess.run(command, cwd=PROJECT, env=environment({}), capture_output=True, text=True, check=False)
    assert "KeyboardInterrupt" in ended.stderr
    assert not psutil.pid_exists(int(ended.stdout))


_ENDED_WHILE_COLLECTING = """
import gc, os, signal, time
from stack.signals import end_what_was_started

def collecting(phase, _):
    if phase == "stop":
        gc.callbacks.clear()
        os.kill(os.getpid(), signal.SIGTERM)

end_what_was_started()
gc.callbacks.append(collecting)
gc.collect()
time.sleep(60)
"""


def test_a_signal_that_comes_while_garbage_is_collected_is_heard_afterwards() -> None:
    command = [sys.executable, "-c", _ENDED_WHILE_COLLECTING]
    ended = subprocess.run(
        command, cwd=PROJECT, env=environment({}), capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode != 0
    assert "KeyboardInterrupt" in ended.stderr
    assert "Exception ignored" not in ended.stderr
