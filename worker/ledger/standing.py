"""How an application stands now: read from the ledger in two round trips, and nothing is written.

Whatever lies in these keys, reading them raises nothing: a field that no function wrote counts as absent, as
it does for the functions (lua/pace.lua), and a key of another type is named in `unreadable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import redis

from receipt_sync import keys
from worker.ledger.pausing import Paused
from worker.ledger.reading import Fields, Reading, number, shown, whole

VERDICTS = ("sent", "rejected", "throttled", "unavailable", "unauthorized")
_REASONS = (b"outage", b"key")
_FAR_MS = 2 * 86_400_000  # of lua/pace.lua: a hold, a probe or a pause later than this is garbage


@dataclass(frozen=True, slots=True)
class Breaker:
    """What the breaker says; times in ms, Redis' clock.

    Attributes:
        why: 'outage' or 'key' while it is open; None: it is shut.
        since_ms: when the outage began.
        next_probe_ms: when one call is let through again; while it is under way, when it counts as lost.
    """

    why: str | None = None
    since_ms: int | None = None
    next_probe_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One application; times in ms by Redis' clock, which says `now_ms`.

    Attributes:
        pending, in_flight: receipts.
        slots_waiting: slots with something pending and nothing in flight; `slots_due` of them could be sent now.
        slots_in_flight: slots that are leased.
        oldest_wait_s: how long the oldest receipt has waited, of those slots that stand first and last in the due set
            and in flight, 200 of each; None: nothing waits.
        rate_per_s: the limit now; None: there is none. `configured_per_s` is what the workers' settings say.
        calls_last_s: calls claimed in the last second; None where there is no limit, for they are not counted then.
        hold_until_ms: nothing is claimed before, for the API throttles (429); None: no hold.
        paused: by hand.
        recorded, covered, absorbed: receipts so far; the absorbed are those of the covered that needed no PUT.
        dead_letters, dead: letters that stand; receipts that have died, dropped and expired ones among them.
        notices, notices_lost: that wait for their readers, and that made room for newer ones unread (docs/hooks.md).
        puts: by verdict.
        unreadable: names of keys that hold something else than they should.
    """

    application: str
    now_ms: int
    pending: int
    in_flight: int
    slots_waiting: int
    slots_due: int
    slots_in_flight: int
    oldest_wait_s: float | None
    rate_per_s: float | None
    configured_per_s: float | None
    calls_last_s: int | None
    hold_until_ms: int | None
    breaker: Breaker
    paused: Paused | None
    recorded: int
    covered: int
    absorbed: int
    dead_letters: int
    dead: int
    notices: int
    notices_lost: int
    puts: Mapping[str, int]
    unreadable: tuple[str, ...]

    @property
    def balance(self) -> int:
        """0 when every receipt is somewhere, and in one place only."""
        return self.recorded - self.covered - self.dead - self.pending - self.in_flight

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits and nothing is in flight, by the slots and by the counts."""
        return not (self.pending or self.in_flight or self.slots_waiting or self.slots_in_flight)

    @property
    def state(self) -> str:
        """What keeps calls from going out, the strongest first: 'paused', 'open', 'held'; else 'sending'."""
        if self.paused:
            return "paused"
        if self.breaker.why:
            return "open"
        return "held" if self.hold_until_ms else "sending"


def standing(client: redis.Redis, application: str) -> Standing:
    """How it stands.

    Args:
        client: the ledger's Redis; answers must be bytes.
        application: its name.

    Raises:
        redis.RedisError: the ledger is not reached, or refuses for another reason than what lies in its keys.
    """
    return standing_of(Reading(client, keys.prefix(application)), application)


def standing_of(read: Reading, application: str) -> Standing:
    """The same, of what has been read already."""
    now_ms = read.now_ms
    pace, counts = read.fields("pace"), read.fields("counts")
    configured = number(read.fields("policy").get(b"rate_per_s"), 0) or None
    rate = _rate(pace, configured)
    hold_until_ms = whole(pace.get(b"hold"), now_ms + 1, now_ms + _FAR_MS)
    paused_ms = whole(pace.get(b"paused"), 1, now_ms + _FAR_MS)
    oldest_ms = min((ms for raw in read.recorded if (ms := whole(raw, 1, now_ms))), default=None)
    return Standing(
        application=application,
        now_ms=now_ms,
        pending=_count(counts, "pending"),
        in_flight=_count(counts, "in_flight"),
        slots_waiting=read.size("due"),
        slots_due=read.due,
        slots_in_flight=read.size("leases"),
        oldest_wait_s=None if oldest_ms is None else (now_ms - oldest_ms) / 1000,
        rate_per_s=rate,
        configured_per_s=configured,
        calls_last_s=None if rate is None else read.calls,
        hold_until_ms=hold_until_ms,
        breaker=_breaker(pace, now_ms),
        paused=Paused(min(paused_ms, now_ms), shown(pace.get(b"paused_why", b""))) if paused_ms else None,
        recorded=_count(counts, "recorded"),
        covered=_count(counts, "covered"),
        absorbed=_count(counts, "absorbed"),
        dead_letters=read.size("dead"),
        dead=_count(counts, "dead"),
        notices=read.size("notices"),
        notices_lost=_count(counts, "notices_lost"),
        puts={verdict: _count(counts, f"puts_{verdict}") for verdict in VERDICTS},
        unreadable=tuple(sorted(read.unreadable)),
    )


def _count(counts: Fields, name: str) -> int:
    return whole(counts.get(name.encode()), 0) or 0


def _rate(pace: Fields, configured: float | None) -> float | None:
    """As law.limit has it: the limit that was found, where the fields that it follows from make sense."""
    limit, low, peak = (number(pace.get(name), 1) for name in (b"limit", b"low", b"peak"))
    if limit is None or low is None or peak is None or peak < low:
        return configured
    return limit if configured is None else min(limit, configured)


def _breaker(pace: Fields, now_ms: int) -> Breaker:
    open_ms, till_ms = whole(pace.get(b"open"), 1, now_ms), whole(pace.get(b"till"), 0, now_ms + _FAR_MS)
    why = pace.get(b"why")
    if open_ms is None or till_ms is None or why not in _REASONS:
        return Breaker()
    return Breaker(why.decode(), whole(pace.get(b"outage"), 1, now_ms) or open_ms, till_ms)
