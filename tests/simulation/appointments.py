"""Appointments: what a schedule has fixed beforehand. The weather clears up; Redis loses its last writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation import history as told
from tests.simulation.chat import Chat
from tests.simulation.chronicle import Chronicle
from tests.simulation.decisions import Decisions
from tests.simulation.setup import SNAPSHOT_AGE_MS, START_MS, Setup
from tests.simulation.store import Store
from tests.simulation.weather import Weather


@dataclass(eq=False)
class Appointments:
    """Those of one schedule that are still to be kept.

    Attributes:
        log_in: lets the user whose sessions may have ended log in again.
    """

    store: Store
    chat: Chat
    chronicle: Chronicle
    weather: Weather
    log_in: Callable[[], None]
    _at: list[tuple[int, str]] = field(default_factory=list)

    def make(self, setup: Setup, draw: Decisions) -> None:
        """Fixes them."""
        self._at = [(START_MS + setup.active_ms, "quieten")]
        if setup.rolls_back_at_ms:
            rolls_back_ms = START_MS + setup.rolls_back_at_ms
            age_ms = draw.one_of((50, 200, 500, SNAPSHOT_AGE_MS))
            self._at += [(max(START_MS, rolls_back_ms - age_ms), "snapshot"), (rolls_back_ms, "roll back")]
        self._at.sort()

    def next_ms(self) -> int | None:
        """When the next one is."""
        return self._at[0][0] if self._at else None

    def keep_due(self) -> None:
        """Keeps those whose time has come."""
        while self._at and self._at[0][0] <= self.chronicle.now_ms:
            _, what = self._at.pop(0)
            {"quieten": self._quieten, "snapshot": self._take_snapshot, "roll back": self._roll_back}[what]()
            self.chronicle.tell(f"         {what}")

    def _quieten(self) -> None:
        self.weather.quiet = True
        self.chat.quieten()
        self.log_in()
        self.chronicle.events.append(told.Quietened(self.chronicle.now_ms))

    def _take_snapshot(self) -> None:
        self.store.take_snapshot()
        self.chronicle.beside.take_snapshot()
        self._saved = (len(self.chronicle.events), self.chronicle.now_ms)

    def _roll_back(self) -> None:
        # It takes a while to come back.
        self.chronicle.now_ms += 1
        self.store.now_ms = self.chronicle.now_ms
        self.store.roll_back()
        if self.weather.quiet:
            self.log_in()  # it may have lost that, too
        self.chronicle.beside.roll_back()
        self.chronicle.faults["Redis lost its last writes"] += 1
        self.chronicle.events.append(told.RolledBack(self.chronicle.now_ms, *self._saved))
