"""The workers' own clocks and random words: the product reads them from modules, which are replaced for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace
from typing import Any

import worker.ledger.ledger as ledger_module
import worker.sending as sending_module


@dataclass
class Clocks:
    """What the product's code sees as it runs.

    Attributes:
        local_s: the monotonic clock of the worker whose turn it is.
        words: makes every "random" word another one.
    """

    local_s: float = 0.0
    words: Iterator[int] = field(default_factory=count)

    def monotonic(self) -> float:
        """As time.monotonic."""
        return self.local_s

    def uuid4(self) -> SimpleNamespace:
        """As uuid.uuid4, as far as it is used."""
        return SimpleNamespace(hex=f"{next(self.words):012x}")


@contextmanager
def replaced_clocks() -> Iterator[Clocks]:
    """The product's modules read these clocks until the end of the block."""
    clocks = Clocks()
    modules: list[tuple[Any, str]] = [(ledger_module, "time"), (ledger_module, "uuid"), (sending_module, "time")]
    real = [getattr(module, name) for module, name in modules]
    for module, name in modules:
        setattr(module, name, clocks)
    try:
        yield clocks
    finally:
        for (module, name), was in zip(modules, real, strict=True):
            setattr(module, name, was)
