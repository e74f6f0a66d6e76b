"""Variants: a drawn input, bitten. Drawing costs a hundred times as much as checking; most inputs are made here."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

Vary = Callable[[Any, Random], Any]
_BITES = (b"", b"\x00", b"\xff", b'"', b"{", b"[", b"}", b",", b"null", b"1e999", b"NaN", b'"task"', b"\\ud800")
_POOL_MAX = 500


def bytes_of(value: bytes, random: Random) -> bytes:
    """The bytes with up to three places replaced."""
    for _ in range(random.randint(1, 3)):
        at = random.randint(0, len(value))
        value = value[:at] + random.choice(_BITES) + value[at + random.randint(0, 4) :]
    return value


def each_part(value: Any, random: Random) -> Any:
    """Bytes bitten wherever they stand in a list or tuple; anything else as it is."""
    if isinstance(value, bytes):
        return bytes_of(value, random) if random.random() < 0.5 else value
    if isinstance(value, (list, tuple)):
        return type(value)([each_part(part, random) for part in value])
    return value


class Crossed:
    """Calls whose arguments are exchanged for those of calls that came before."""

    def __init__(self) -> None:
        self._pool: list[Any] = []

    def __call__(self, call: Any, random: Random) -> Any:
        """A call with some of its arguments by name exchanged."""
        name, given, *rest = call
        # A token in the place of another argument would be shown, as it would be by any program.
        self._pool = [*self._pool, *(value for key, value in given.items() if key != "token")][-_POOL_MAX:] or [None]
        crossed = {key: random.choice(self._pool) if random.random() < 0.4 else value for key, value in given.items()}
        return (name, crossed, *rest)


def shuffled(values: list[Any], random: Random) -> list[Any]:
    """A list with its members in another order, some of them twice."""
    return [random.choice(values) for _ in range(random.randint(0, 5))] if values else values
