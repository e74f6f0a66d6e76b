"""The weather: when the chat API misbehaves during the play, and how."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import time
from types import MappingProxyType
from typing import Any, Protocol

from demo.scenario import PLAN_CALLS_PER_S

# An API on its best day is some way off, too, and never lets more calls through than the plan has.
FAIR: Mapping[str, Any] = MappingProxyType(
    {"rate_per_s": PLAN_CALLS_PER_S, "latency_ms": 30.0, "latency_jitter_ms": 40.0}
)
FAIR_NAME = "fair"


@dataclass(frozen=True, slots=True)
class Spell:
    """Bad weather from one second of the play to another."""

    begins_s: float
    ends_s: float
    name: str
    faults: Mapping[str, Any]


SPELLS = (
    Spell(12, 17, "one call in five answers 503", {"error_share": 0.2}),
    Spell(20, 22, "throttled: 429, Retry-After 2", {"throttle": True, "retry_after": "2"}),
    Spell(26, 31, "one call in seven is carried out, then reset", {"reset_share": 0.15, "reset_applies": True}),
    Spell(35, 38, "outage: nothing but 503", {"outage": True}),
)


@dataclass(frozen=True, slots=True)
class Past:
    """When a spell really was: unix seconds, from before it was ordered until after its end was."""

    name: str
    from_s: float
    until_s: float


class Sky(Protocol):
    """Who makes the weather: the sandbox."""

    def faults(self, **fields: Any) -> Mapping[str, Any]:
        """Put a whole set of faults in force."""


def spell_at(elapsed_s: float, spells: Sequence[Spell] = SPELLS) -> Spell | None:
    """The spell at that second of the play; None while the weather is fair."""
    return next((spell for spell in spells if spell.begins_s <= elapsed_s < spell.ends_s), None)


@dataclass(slots=True)
class Weather:
    """Follows the spells.

    Attributes:
        sky: Who makes the weather.
        spells: In order, not overlapping.
        clock: Tells the unix time in seconds.
        past: Those that are over.
    """

    sky: Sky
    spells: Sequence[Spell] = SPELLS
    clock: Callable[[], float] = time
    past: list[Past] = field(default_factory=list)
    _now: Spell | None = None
    _since_s: float = 0.0

    @property
    def name(self) -> str:
        """What the weather is now."""
        return self._now.name if self._now else FAIR_NAME

    def follow(self, elapsed_s: float) -> None:
        """Change the weather if it is time to."""
        spell = spell_at(elapsed_s, self.spells)
        if spell is not self._now:
            self._change(spell)

    def clear(self) -> None:
        """End whatever spell there is, and make sure that the weather is fair."""
        self._change(None)

    def _change(self, spell: Spell | None) -> None:
        ordered_s = self.clock()
        self.sky.faults(**FAIR, **(spell.faults if spell else {}))
        if self._now:
            self.past.append(Past(self._now.name, self._since_s, self.clock()))
        self._now, self._since_s = spell, ordered_s
