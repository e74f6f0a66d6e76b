"""A command on a terminal of 80 columns, as somebody sees it and presses keys."""

from __future__ import annotations

import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl

from stack.services import PROJECT, environment

PATIENCE_S = 30
# Ctrl-C reaches those whose controlling terminal it is typed on; and whatever a shell has put into the background was
# born deaf to it.
_ON_TERMINAL = (
    "import os, signal, sys; os.login_tty(0); signal.signal(signal.SIGINT, signal.SIG_DFL);"
    " os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


class Terminal:
    """A command on a terminal of 80 columns, as somebody sees it."""

    def __init__(self, redis_url: str, *arguments: str, **environ: str) -> None:
        self._ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = environment({"REDIS_URL": redis_url, "TERM": "xterm-256color", **environ})
        command = [sys.executable, "-c", _ON_TERMINAL, "-m", "worker", *arguments]
        self.process = subprocess.Popen(command, cwd=PROJECT, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.seen = ""

    def wait_for(self, words: str) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while words not in self.seen:
            assert time.monotonic() < deadline_s, self.seen
            self._read(0.1)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], seconds)[0]:
            return True
        try:
            self.seen += os.read(self._ours, 65_536).decode(errors="replace")
        except OSError:  # the other end is closed
            return False
        return True

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def ends_with(self) -> int:
        deadline_s = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline_s, self.seen
            self._read(0.1)
        while self._read(0) and select.select([self._ours], [], [], 0)[0]:
            pass
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@contextmanager
def terminal(redis_url: str, *arguments: str, **environ: str) -> Iterator[Terminal]:
    opened = Terminal(redis_url, *arguments, **environ)
    try:
        yield opened
    finally:
        opened.close()
