"""Entries of the ledger's streams, read without raising: whoever has written them."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


def whole(value: str | None) -> int | None:
    """A number from 0 to 10**15 - 1; None where it is none."""
    return int(value) if value and _WHOLE.fullmatch(value) else None


def text_of(value: bytes) -> str:
    """Bytes that are no UTF-8 are kept as half characters, which no check of a text or an id lets pass."""
    return value.decode(errors="surrogateescape")
