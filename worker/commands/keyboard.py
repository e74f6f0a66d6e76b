"""Single keys from a terminal, without waiting for a line's end."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from types import TracebackType
from typing import Any, Self

_QUIT = {b"q", b"Q", b"\x1b", b"\x04"}


class Keys:
    """Reads keys while it is entered, if standard input is a terminal; its ways are put back at the end."""

    def __init__(self) -> None:
        self._stdin = sys.stdin.fileno() if sys.stdin.isatty() else None
        self._before: list[Any] = []

    def __enter__(self) -> Self:
        if self._stdin is not None:
            self._before = termios.tcgetattr(self._stdin)
            # Ctrl-C still ends the process: only the line's end is not waited for.
            tty.setcbreak(self._stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stdin is not None:
            termios.tcsetattr(self._stdin, termios.TCSADRAIN, self._before)

    def quit_within(self, seconds: float) -> bool:
        """Waits so long for a key that ends the show: q, Escape or Ctrl-D."""
        if self._stdin is None:
            time.sleep(seconds)
            return False
        ready, _, _ = select.select([self._stdin], [], [], seconds)
        return bool(ready) and os.read(self._stdin, 1) in _QUIT | {b""}
