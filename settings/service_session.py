"""What a service session takes: five credentials of one application and one of its users, all of them or none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from settings import addresses
from settings.variable import Variable

CREDENTIALS = ("application_id", "auth_key", "auth_secret", "login", "password")


def credential(name: str, expected: str, meaning: str) -> Any:
    """A field for one of them; never taken from another application's."""
    return Variable(name, expected, f"Service session: {meaning}", secrecy="secret", falls_back=False).field(None)


def digits(value: object) -> SecretStr:
    """An application's number."""
    text = addresses.plain(value)
    if not re.fullmatch(r"[0-9]{1,19}", text, re.ASCII):
        raise ValueError("it is no number")
    return SecretStr(text)


def line(value: object) -> SecretStr:
    """One line of any characters that can be typed."""
    text = addresses.plain(value)
    if not text or not text.isprintable():
        raise ValueError("it is empty or holds a control character")
    return SecretStr(text)


def require_all_or_none(given: Mapping[str, object], suffix: str) -> None:
    """Raises ValueError with the variables that are missing.

    Args:
        given: the credentials by field; one that is left out was given and has a fault of its own.
        suffix: of the application's variables.
    """
    missing = [name for name in CREDENTIALS if given.get(name, "") is None]
    if 0 < len(missing) < len(CREDENTIALS):
        names = ", ".join(f"QUICKBLOX_{name.upper()}{suffix}" for name in missing)
        raise ValueError(f"a service session takes all five or none; missing: {names}")
