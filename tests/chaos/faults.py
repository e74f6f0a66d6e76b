"""The faults beside hard kills: each begins, lasts, and ends when the stage calms down. Drawn by the run's seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tests.chaos.proxy import Proxy
from tests.chaos.seats import LINKS, Link, Seat
from tests.chaos.stage import LATENCY_MS, Stage

# The lease of tests.running.QUICK is 3.5 s.
_PAUSE_S = (4.0, 6.0)
_SHORT_S = (0.5, 2.5)
_ALL_SHARE = 0.25
_DELAY_S = 0.15
# After the client has given up (1.5 s), and within what the next edit waits for: as long again, counted from the
# earliest moment at which a cut, 0.3 s after this fault, may make a client give up.
LANDS_AFTER_MS = 1_700

Begin = Callable[[Stage, Random], float | None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind.

    Attributes:
        name: for the report.
        cards: how many of its cards the deck has.
        begin: lets it begin; answers how long it lasts in seconds, None where it could not.
    """

    name: str
    cards: int
    begin: Begin


# What a fault of the network does to each proxy; "refused" cuts first.
_DOES: Mapping[str, Callable[[Proxy], None]] = {
    "refused": Proxy.refuse,
    "half-open": Proxy.half_open,
    "silent": Proxy.fall_silent,
    "slow": lambda proxy: proxy.slow_down(_DELAY_S),
}


def _a_seat(stage: Stage, random: Random) -> Seat | None:
    up = stage.up()
    return random.choice(up) if up else None


def _pause(stage: Stage, random: Random) -> float | None:
    seat = _a_seat(stage, random)
    if seat is None:
        return None
    seconds = random.uniform(*_PAUSE_S)
    words = f"worker {seat.number} paused"
    stage.strike(words, [seat])
    seat.pause(seconds)
    stage.note(words)
    return seconds


def _end_warmly(stage: Stage, random: Random) -> float | None:
    seat = _a_seat(stage, random)
    if seat is None:
        return None
    seat.ask_to_end()
    stage.note(f"worker {seat.number} asked to end")
    return random.uniform(*_SHORT_S)


def _delete_queues(stage: Stage, random: Random) -> float | None:
    if not stage.contender.doorbell_queues:
        return None
    stage.broker.delete(*stage.contender.doorbell_queues)
    stage.note("queues deleted")
    return random.uniform(0.1, 0.5)


def _some(stage: Stage, random: Random) -> Sequence[Seat]:
    return stage.seats if random.random() < _ALL_SHARE else [random.choice(stage.seats)]


def _on_network(link: Link, what: str) -> Fault:
    def begin(stage: Stage, random: Random) -> float | None:
        seats = _some(stage, random)
        proxies = [seat.proxies[link] for seat in seats]
        words = f"{link} {what}, {len(proxies)} of {len(stage.seats)} workers"
        if link != "broker" and what != "slow":
            stage.strike(words, seats)
        stage.note(words)
        if what in {"cut", "refused"}:
            stage.cut(proxies)
        for proxy in proxies if what in _DOES else ():
            _DOES[what](proxy)
        return random.uniform(*_SHORT_S)

    return Fault(f"{link} {what}", 1, begin)


def _cut_producers(stage: Stage, random: Random) -> float | None:
    stage.note("producers cut off")
    stage.cut([stage.door])
    stage.door.refuse()
    return random.uniform(0.1, 1.0)


def _at_api(name: str, cards: int = 1, **fields: object) -> Fault:
    def begin(stage: Stage, random: Random) -> float | None:
        stage.api.faults(latency_ms=LATENCY_MS, **fields)
        stage.note(f"API {name}")
        return random.uniform(*_SHORT_S)

    return Fault(f"API {name}", cards, begin)


FAULTS: tuple[Fault, ...] = (
    Fault("paused beyond the lease", 3, _pause),
    Fault("warm shutdown", 2, _end_warmly),
    Fault("queues deleted", 2, _delete_queues),
    Fault("producers cut off", 1, _cut_producers),
    *(_on_network(link, what) for link in LINKS for what in ("cut", *_DOES)),
    _at_api("outage", outage=True),
    _at_api("hangs", 2, hang_share=0.3, hang_applies=False),
    _at_api("hangs after applying", 2, hang_share=0.3, hang_applies=True),
    _at_api("hangs, applied late", 2, hang_share=0.3, hang_applies=True, lands_after_ms=LANDS_AFTER_MS),
    _at_api("resets", reset_share=0.5, reset_applies=False),
    _at_api("resets after applying", reset_share=0.5, reset_applies=True),
    _at_api("429", throttle=True, retry_after="1"),
    _at_api("errors", error_share=0.5, error_status=500),
)


class Deck:
    """Faults in an order that the seed shuffles; all of them come before any comes again."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._cards: list[Fault] = []

    def draw(self) -> Fault:
        """The next one."""
        if not self._cards:
            self._cards = [fault for fault in FAULTS for _ in range(fault.cards)]
            self._random.shuffle(self._cards)
        return self._cards.pop()
