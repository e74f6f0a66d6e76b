"""A process of the stack: in a session of its own, its words in a log file, its end in our hands.

Signals that ask (`signal`, the first half of `stop`) go to the process alone, for it knows how to end its children: a
prefork worker whose children get the SIGTERM too loses what they were doing. Signals that force go to the group.
"""

import atexit
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM, Signals
from types import TracebackType
from typing import Self

from stack import process_table
from stack.log_file import LogFile
from stack.signals import held

LOOK_EVERY_S = 0.02
KILL_TIMEOUT_S = 10.0


class ProcessError(RuntimeError):
    """A process ended or stayed silent where something else was expected; the message ends with its last words."""


class Process:
    """A command that has been started.

    Leaving the `with` block stops it, and the end of this interpreter kills it, with its group. When this interpreter
    is itself killed, or ended by a signal that it does not handle, nobody does that: the process is orphaned.

    Attributes:
        name: What error messages call it.
        log: Where stdout and stderr go.
        pid: Also the id of its session and process group.
    """

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str] | None, cwd: Path, log: Path) -> None:
        """Start it.

        Args:
            name: For error messages.
            command: Program and arguments; no shell.
            env: The whole environment; None hands on our own.
            cwd: Where it runs.
            log: Made, with its directories, unless it exists; else appended to.

        Raises:
            OSError: The program cannot be started.
        """
        self.name, self.log = name, LogFile(log)
        self._swept = False
        with held(), log.open("ab") as words:
            self._popen = subprocess.Popen(
                list(command),
                env=None if env is None else dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self.pid = self._popen.pid
            atexit.register(self.kill)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<{self.name}, pid {self.pid}, {self._condition()}>"

    @property
    def alive(self) -> bool:
        """Whether it has not ended; a paused one is alive."""
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it lives; below 0 the number of the signal that ended it."""
        return self._popen.poll()

    def children(self) -> list[int]:
        """The pids of its living children; empty once it has ended."""
        return [row.pid for row in process_table.rows() if row.parent == self.pid]

    def group(self) -> list[int]:
        """The pids of all that live in its process group, orphans too."""
        return [row.pid for row in process_table.rows() if row.group == self.pid]

    def wait_for_line(self, line: str | re.Pattern[str], timeout_s: float = 30.0) -> str:
        """Wait until a line of the log contains the text or matches the pattern; earlier lines count.

        Returns:
            The line, whole.

        Raises:
            ProcessError: It ended first, or the time ran out.
        """
        wanted = re.compile(re.escape(line)) if isinstance(line, str) else line
        found: list[str] = []

        def said() -> bool:
            found.extend(each for each in self.log.lines(half=not self.alive) if wanted.search(each))
            return bool(found)

        self.wait_until(said, timeout_s, f"the line {wanted.pattern!r}" if line is wanted else f"the line {line!r}")
        return found[0]

    def wait_until(self, predicate: Callable[[], bool], timeout_s: float = 30.0, what: str = "the condition") -> None:
        """Wait until the predicate holds.

        Raises:
            ProcessError: The process ended first, or the time ran out.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            ended = not self.alive  # asked first: last words written before the end still count
            if predicate():
                return
            if ended or time.monotonic() >= deadline_s:
                raise ProcessError(self._complaint(what, timeout_s))
            time.sleep(LOOK_EVERY_S)

    def wait(self, timeout_s: float) -> int:
        """Wait until it ends by itself.

        Returns:
            Its exit code.

        Raises:
            ProcessError: The time ran out.
        """
        try:
            return self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired as late:
            raise ProcessError(self._complaint("its end", timeout_s)) from late

    def signal(self, number: Signals) -> None:
        """Send a signal to the process alone, not to its children; nothing happens if it has ended."""
        self._popen.send_signal(number)

    def pause(self) -> None:
        """Stop the whole group in its tracks: to the others it looks like a machine that hangs."""
        self._signal_group(SIGSTOP)

    def resume(self) -> None:
        """Let the group go on after `pause`."""
        self._signal_group(SIGCONT)

    def stop(self, timeout_s: float = 40.0) -> int:
        """Ask it to end (SIGTERM), then force what is left of its group.

        Args:
            timeout_s: How long it may take; a busy prefork worker may need more than 30 s.

        Returns:
            Its exit code.
        """
        if self.alive:
            self.signal(SIGTERM)
            self.resume()
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout_s)
        return self.kill()

    def kill(self) -> int:
        """End the whole group at once (SIGKILL).

        Returns:
            Its exit code.
        """
        if not self._swept:
            self._signal_group(SIGKILL)
            self._popen.wait(KILL_TIMEOUT_S)
            self._swept = True  # from now on its id may be another's
            atexit.unregister(self.kill)
        return self._popen.wait(KILL_TIMEOUT_S)

    def _signal_group(self, number: Signals) -> None:
        # ProcessLookupError: nobody is left in the group; macOS says PermissionError when only a zombie is
        with suppress(ProcessLookupError, PermissionError):
            if not self._swept:
                os.killpg(self.pid, number)

    def _condition(self) -> str:
        return "running" if self.alive else f"ended with exit code {self.exit_code}"

    def _complaint(self, what: str, timeout_s: float) -> str:
        outcome = f"not within {timeout_s:g} s" if self.alive else self._condition()
        return f"{self.name} (pid {self.pid}): waited for {what}: {outcome}. {self.log}"
