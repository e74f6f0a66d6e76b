"""The setup of a schedule: how many take part, what the settings are, how bad the weather is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.simulation.decisions import Decisions
from worker.plan import Limits

START_MS = 1_764_000_000_000  # a time of today's size: generations are made of it
# All is short beside the ticker's second, so that a schedule costs few ticks.
DEADLINE_MS = 500
MARGIN_MS = 300
LEASE_MS = DEADLINE_MS + MARGIN_MS
SEND_WITHIN_MS = MARGIN_MS // 2
LANDS_MS = 450
PERMIT_MS = 1_200
SYNC_TIME_MS = 2_000
POLL_MS = 170
AGAIN_MS = 1_000
LATE_MS = 100
SNAPSHOT_AGE_MS = 1_000
_NEVER = 1_000_000

_GATHER_MS: tuple[Mapping[str, int], ...] = (
    {"gather_min_ms": 0, "gather_max_ms": 0},
    {"gather_min_ms": 0, "gather_max_ms": 300},
    {"gather_min_ms": 150, "gather_max_ms": 150},
    # Each kind its own: edits go out at once, delivereds have time.
    {
        "gather_min_ms": 100,
        "gather_max_ms": 400,
        "gather_edit_min_ms": 0,
        "gather_edit_max_ms": 150,
        "gather_delivered_min_ms": 350,
        "gather_delivered_max_ms": 400,
    },
)


@dataclass(frozen=True)
class Setup:
    """What is fixed for one schedule; times in ms.

    Attributes:
        gather_ms: the policy's gather times, by the fields' names.
        rate_per_s: of the pace; 0 for none.
        workers: processes, each with a ticker and up to `syncs` syncs.
        connections: PUTs of one sync side by side.
        fault_one_in: one step in so many goes wrong; 0 for a calm schedule.
        bad_answer_one_in: one PUT in so many does not simply succeed.
        active_ms: how long there are receipts and faults.
        breaker_calls_min: calls in the window before the breaker can open.
        rolls_back_at_ms: when Redis loses its last writes, counted from the start; 0 for never.
    """

    gather_ms: Mapping[str, int]
    give_up_ms: int
    token_wait_ms: int
    crashes_max: int
    rate_per_s: int
    workers: int
    syncs_max: int
    connections: int
    limits: Limits
    fault_one_in: int
    bad_answer_one_in: int
    active_ms: int
    rolls_back_at_ms: int
    breaker_calls_min: int

    @property
    def calm(self) -> bool:
        """Whether nothing goes wrong in it."""
        return not (self.fault_one_in or self.bad_answer_one_in or self.rolls_back_at_ms)

    @property
    def has_breaker(self) -> bool:
        """Whether the breaker can open: it costs two calls to Redis for every claim and settle to watch it."""
        return self.breaker_calls_min < _NEVER

    @property
    def policy(self) -> dict[str, str]:
        """What the workers publish."""
        return {
            **{name: str(ms) for name, ms in self.gather_ms.items()},
            "remember_ms": "86400000",
            "give_up_ms": str(self.give_up_ms),
            "token_wait_ms": str(self.token_wait_ms),
            "lands_ms": str(LANDS_MS),
            "crashes_max": str(self.crashes_max),
            "rate_per_s": repr(float(self.rate_per_s)),
            "retry_share": "0.2",
            "breaker_calls_min": str(self.breaker_calls_min),
        }


def draw_setup(draw: Decisions) -> Setup:
    """A setup; with nothing but zeros one worker in calm weather."""
    gather_ms = draw.one_of(_GATHER_MS)
    fault_one_in, bad_answer_one_in = draw.one_of(((0, 0), (12, 3), (6, 3), (6, 0), (20, 2), (12, 3), (6, 4), (8, 2)))
    rough = fault_one_in > 0
    return Setup(
        gather_ms=gather_ms,
        give_up_ms=draw.one_of((60_000, 60_000, 800)),
        # Longer than a schedule: what waits so long has been stranded.
        token_wait_ms=draw.one_of((120_000, 120_000, 400)),
        crashes_max=draw.one_of((5, 3, 2)),
        rate_per_s=draw.one_of((0, 0, 3)),
        workers=draw.one_of((1, 2, 2, 1, 3)),
        syncs_max=draw.one_of((2, 1, 3)),
        connections=draw.one_of((2, 1, 3)),
        limits=Limits(list_max_ids=draw.one_of((50, 2, 1)), both_flags=draw.one_of((True, False))),
        fault_one_in=fault_one_in,
        bad_answer_one_in=bad_answer_one_in,
        active_ms=draw.one_of((700, 1_400)),
        rolls_back_at_ms=draw.one_of((0, 0, 0, 0, 0, 300, 600, 1_100)) if rough else 0,
        breaker_calls_min=draw.one_of((_NEVER, _NEVER, 3, 1)) if bad_answer_one_in else _NEVER,
    )
