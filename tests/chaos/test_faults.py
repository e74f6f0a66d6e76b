"""The deck: the seed decides the order, and nothing is left out."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.chaos.faults import FAULTS, Deck

ROUND = sum(fault.cards for fault in FAULTS)


def _names(seed: int, rounds: int) -> list[str]:
    deck = Deck(Random(seed))
    return [deck.draw().name for _ in range(ROUND * rounds)]


def test_every_fault_comes_in_every_round() -> None:
    once = Counter({fault.name: fault.cards for fault in FAULTS})
    names = _names(1, rounds=2)
    assert Counter(names[:ROUND]) == Counter(names[ROUND:]) == once


def test_the_seed_decides_the_order() -> None:
    assert _names(1, rounds=2) == _names(1, rounds=2) != _names(2, rounds=2)
