"""The director: kills at an even pace, beside them one other fault after the other; the seed orders both."""

from __future__ import annotations

import time
from collections import Counter
from random import Random

from tests.chaos.faults import Deck, Fault
from tests.chaos.incidents import AFTERMATH_S
from tests.chaos.stage import Stage

KINDS = ("pool child", "whole worker", "Redis")
_WEIGHTS = (70, 22, 8)
_WEIGHTS_OF_WORKERS = (70, 22, 0)
_DOWN_S = 0.8
_BETWEEN_S = 0.3


class Director:
    """Runs the faults; `step` is called often.

    Attributes:
        kills: hard kills by kind, see the package's story.
        faults: others by name.
    """

    def __init__(self, stage: Stage, wanted: int, seed: int, *, kills_only: bool = False) -> None:
        self.kills: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._stage, self._wanted = stage, wanted
        self._killing, self._misleading = Random(f"{seed}/kills"), Random(f"{seed}/faults")
        self._deck = None if kills_only else Deck(self._misleading)
        self._weights = _WEIGHTS_OF_WORKERS if kills_only else _WEIGHTS
        self._calm_at_s = self._next_at_s = 0.0
        self._troubled = False

    @property
    def killed(self) -> int:
        """Hard kills so far."""
        return self.kills.total()

    def step(self, progress: float) -> None:
        """Does what is due.

        Args:
            progress: how much of the run is over, 0 to 1.
        """
        self._stage.tend()
        if self.killed < self._wanted * progress:
            self._kill()
        now_s = time.monotonic()
        if self._troubled and now_s >= self._calm_at_s:
            self._stage.calm()
            self._troubled, self._next_at_s = False, now_s + _BETWEEN_S
        elif self._deck and not self._troubled and now_s >= self._next_at_s:
            self._mislead(self._deck.draw())

    def end(self) -> None:
        """The faults end."""
        self._stage.calm()
        for seat in self._stage.seats:
            seat.wake()
        self._stage.tend()
        self._stage.note("faults over")

    def _kill(self) -> None:
        kind = self._killing.choices(KINDS, self._weights)[0]
        up = self._stage.up()
        if kind != "Redis" and not up:
            return
        victims = self._stage.seats if kind == "Redis" else [self._killing.choice(up)]
        incident = self._stage.strike(f"killed: {kind}", victims, AFTERMATH_S if kind == "Redis" else 0.0)
        if kind == "Redis":
            killed = self._kill_redis()
        elif kind == "whole worker":
            killed = victims[0].kill()
        else:
            killed = victims[0].kill_child(self._killing)
        incident.end()
        if not killed:
            self._stage.incidents.remove(incident)
        self.kills[kind] += killed
        self._stage.note(f"killed: {kind}" if killed else f"not killed, was gone: {kind}")

    def _kill_redis(self) -> int:
        server = self._stage.redis_server
        alive = server.process.alive
        server.kill()
        time.sleep(self._killing.uniform(0, _DOWN_S))  # the outage itself, as long as the seed says
        server.restart()
        return int(alive)

    def _mislead(self, fault: Fault) -> None:
        lasts_s = fault.begin(self._stage, self._misleading)
        if lasts_s is not None:
            self.faults[fault.name] += 1
            self._troubled, self._calm_at_s = True, time.monotonic() + lasts_s
