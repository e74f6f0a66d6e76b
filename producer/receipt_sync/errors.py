"""What recording can raise.

InvalidReceipt (a ValueError)   an argument is wrong; nothing was stored
redis.RedisError                the ledger was not reached, or said no; the receipt may or may not be stored, and
                                recording it again does no harm
"""

from __future__ import annotations

_SHOWN = 40


class InvalidReceipt(ValueError):  # noqa: N818 - the name is a contract of the producers' door
    """An argument of a receipt is wrong; nothing was stored.

    The value itself is not part of the message: it may be a token or a message's text.

    Attributes:
        argument: its name.
        found: the value's type and, where it gives nothing away, the value.
        expected: what would have been right.
    """

    def __init__(self, argument: str, found: str, expected: str) -> None:
        super().__init__(argument, found, expected)
        self.argument = argument
        self.found = found
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.argument}: expected {self.expected}, got {self.found}"


def shown(value: object) -> str:
    """A wrong value's type, and the value where it is short and cannot be private."""
    name = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, (bool, int, float)):
        text = repr(value) if not isinstance(value, int) or value.bit_length() <= 128 else "a huge number"  # noqa: PLR2004
        return f"{name} {text}"
    if isinstance(value, (str, bytes, list, tuple, dict, set)):
        return f"{name} of length {len(value)}"
    return name


def shown_private(value: object) -> str:
    """A wrong value's type, and its length where it has one: for what was meant as a token or a text."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return type(value).__name__
    return shown(value)


def shown_name(value: str) -> str:
    """A name that the caller wrote (of an argument, an application), cut."""
    return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
