"""Decisions: everything a schedule leaves open, as one list of small numbers."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Decisions:
    """Answers "which of n?"; 0 is always the choice in which nothing happens.

    Attributes:
        taken: what was answered so far; given to a second run, it answers the same.
    """

    __slots__ = ("_given", "_random", "taken")

    def __init__(self, given: Sequence[int] | None = None, random: Random | None = None) -> None:
        self._given = given or ()
        self._random = random
        self.taken: list[int] = []

    @classmethod
    def of_seed(cls, seed: int) -> Decisions:
        """Those that a seed stands for."""
        return cls(random=Random(seed))

    def below(self, n: int) -> int:
        """One of 0 … n - 1. A list that has come to its end answers 0."""
        if self._random is not None:
            answer = int(self._random.random() * n)
        else:
            at = len(self.taken)
            answer = self._given[at] % n if at < len(self._given) else 0
        self.taken.append(answer)
        return answer

    def once_in(self, n: int) -> bool:
        """True once in so many times; 0 asks for never."""
        return n > 0 and self.below(n) == n - 1

    def one_of(self, choices: Sequence[T]) -> T:
        """One of them; the first is the harmless one."""
        return choices[self.below(len(choices))]
