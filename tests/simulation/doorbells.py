"""Doorbells: the messages by which a ticker or a sync asks for a sync, as the broker delivers them."""

from __future__ import annotations

from collections.abc import Sequence

from tests.simulation.chronicle import Chronicle
from tests.simulation.decisions import Decisions
from tests.simulation.weather import Weather

_LATE_MS = 900


class Doorbells:
    """Those that are on their way or wait for a worker."""

    def __init__(self, draw: Decisions, chronicle: Chronicle, weather: Weather) -> None:
        self._draw, self._chronicle, self._weather = draw, chronicle, weather
        self._waiting: list[tuple[int, str]] = []

    def ring(self, _application: str, permit: str) -> None:
        """As the product's: sends one."""
        now_ms = self._chronicle.now_ms
        at = {"doorbell lost": [], "doorbell twice": [now_ms] * 2, "doorbell late": [now_ms + _LATE_MS]}
        self._waiting += [(each, permit) for each in at.get(self._weather.of_doorbell(), [now_ms])]

    def times(self) -> list[int]:
        """When each can be answered."""
        return [at_ms for at_ms, _ in self._waiting]

    def due(self) -> list[int]:
        """Which ones can be answered now, by their place."""
        return [place for place, at_ms in enumerate(self.times()) if at_ms <= self._chronicle.now_ms]

    def take_one(self, due: Sequence[int]) -> str:
        """Takes one of those that are due; answers its permit."""
        _, permit = self._waiting.pop(self._draw.one_of(due))
        return permit
