"""Signals that end a program which has started others."""

import signal


def end_what_was_started() -> None:
    """SIGTERM, and a terminal that is closed, act as Ctrl-C does: else they would orphan what has been started."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
