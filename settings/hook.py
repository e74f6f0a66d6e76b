"""What a hook may be called."""

from __future__ import annotations

import re

_OWN = re.compile(r"receipts\.", re.ASCII)


def task_name(value: str) -> str:
    """The name of a task or a queue of the application's own.

    Raises:
        ValueError: it holds what no name should, or is one of the workers' own.
    """
    if not re.fullmatch(r"[!-~]{1,200}", value):
        raise ValueError("it is empty, too long, or holds a space or a character outside ASCII")
    if _OWN.match(value) or value == "receipts":
        raise ValueError("names that begin with 'receipts' are the workers' own: they would be told, and throw it away")
    return value
