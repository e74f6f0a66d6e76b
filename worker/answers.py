"""Reading the API's answers: its words, and `Retry-After`. Pure.

`errors` may be a list, a mapping to lists, a mapping to strings, or absent; front servers answer HTML or text (both
seen in raw logs). A body that is none of these must not raise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

WORDS_MAX_CHARS = 500


def words_of(body: bytes, private: tuple[str, ...] = ()) -> str:
    """What the API said, on one line, at most 500 characters.

    Args:
        body: the answer's body, or its beginning.
        private: texts and tokens that were sent; where the API repeats one, it is struck out.
    """
    text = body.decode("utf-8", errors="replace")
    try:
        said = "; ".join(_sentences(json.loads(text)))
    except (ValueError, RecursionError):
        said = text
    # The longest first: struck out of the middle of a token, a short text would leave the rest of it readable.
    for secret in sorted(private, key=len, reverse=True):
        said = said.replace(secret, "[struck out]")
    # JSON can say half a character (servers cut texts in UTF-16); the ledger takes UTF-8 alone.
    said = said.encode(errors="replace").decode()
    return " ".join(said.split())[:WORDS_MAX_CHARS]


def _sentences(value: object, under: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        if not under and "errors" in value:
            value = {"": value["errors"]} if not isinstance(value["errors"], dict) else value["errors"]
        for key, inner in value.items():
            yield from _sentences(inner, under=str(key) or under or "errors")
    elif isinstance(value, list):
        for inner in value:
            yield from _sentences(inner, under)
    elif value is not None:
        yield f"{under}: {value}" if under not in {"", "errors", "base", "message"} else str(value)


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as seconds or as an HTTP date (RFC 9110, 10.2.3).

    Args:
        value: the header; None where it did not come.
        now: the present, with a time zone.

    Returns:
        At least 0; None where there is nothing to honour.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value.lstrip("0")[:12] or 0)  # more digits than any age: whoever honours it clamps it
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year or a zone of twenty digits
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
