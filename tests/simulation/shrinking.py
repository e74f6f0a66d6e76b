"""Shrinking: fewer and smaller decisions that still break the same promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

_TRIES_MOST = 3_000


def shrink(taken: Sequence[int], still_fails: Callable[[Sequence[int]], Sequence[int] | None]) -> list[int]:
    """The shortest list found.

    Args:
        taken: decisions that fail.
        still_fails: runs decisions; answers those that were taken of them when they fail in the same way, else None.
    """
    best, tries, improved = list(taken), 0, True
    while improved and tries < _TRIES_MOST:
        improved = False
        for candidate in _smaller(best):
            tries += 1
            if tries > _TRIES_MOST:
                break
            failed = still_fails(candidate)
            if failed is not None and _size(failed) < _size(best):
                best, improved = list(failed), True
                break
    return best


def _size(taken: Sequence[int]) -> tuple[int, int]:
    """What shall get smaller: the number of decisions that mean something, then their sum."""
    return sum(map(bool, taken)), sum(taken)


def _smaller(taken: Sequence[int]) -> Iterator[list[int]]:
    """Candidates, the boldest first: chunks left out, chunks put to zero, single numbers made smaller."""
    n = len(taken)
    size = n // 2
    while size:
        for start in range(0, n, size):
            chunk = taken[start : start + size]
            yield [*taken[:start], *taken[start + size :]]
            if any(chunk):
                yield [*taken[:start], *[0] * len(chunk), *taken[start + size :]]
        size //= 2
    for at, value in enumerate(taken):
        for less in {0, value // 2, value - 1}:
            if 0 <= less < value:
                yield [*taken[:at], less, *taken[at + 1 :]]
