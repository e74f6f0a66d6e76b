"""Signals that end a program which has started others."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_NUMBERS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_AGAIN_S = 0.01


class _Ending:
    """Whether a signal has come that waits until it may be heard."""

    held = 0
    waits = False


def end_what_was_started() -> None:
    """SIGTERM, and a terminal that is closed, act as Ctrl-C does: else they would orphan what has been started."""
    for number in (*_NUMBERS, signal.SIGALRM):
        signal.signal(number, _end)
    sys.unraisablehook = _swallowed


@contextmanager
def held() -> Iterator[None]:
    """Signals that end the program wait until the block is left: a process that nobody knows yet would be orphaned.

    Raises:
        KeyboardInterrupt: At its end, when one has come.
    """
    _Ending.held += 1
    try:
        yield
    finally:
        _Ending.held -= 1
        if _Ending.waits and not _Ending.held:
            _Ending.waits = False
            raise KeyboardInterrupt


def _end(_number: int, _frame: FrameType | None) -> None:
    if _Ending.held:
        _Ending.waits = True
    else:
        raise KeyboardInterrupt


def _swallowed(unraisable: UnraisableHookArgs) -> None:
    # Python drops what is raised in a destructor or a callback of its garbage collector (Hypothesis has one): a signal
    # that comes there would go unheard, so an alarm stands in for it as soon as that is left.
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
    else:
        sys.__unraisablehook__(unraisable)
