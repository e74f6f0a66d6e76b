"""Words that several sentences need."""

from __future__ import annotations


def many(count: int, noun: str) -> str:
    """A number of things: `1 slot`, `2 slots`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
