"""How the sandbox misbehaves: what can be asked for, and what befalls one call.

Drawing a fate is pure: time and chance are arguments. `Faults` is the whole set at once; a new set replaces
the old one.
"""

import random
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from sandbox.sessions import LIFETIME_S

Milliseconds = Annotated[float, Field(ge=0, le=600_000, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
ObjectId = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
Names = Annotated[frozenset[str], PlainSerializer(sorted)]
ObjectIds = Annotated[frozenset[ObjectId], PlainSerializer(sorted)]

WINDOW_S = 1.0
PASSING = {
    "throttle": False,
    "outage": False,
    "error_share": 0.0,
    "hang_share": 0.0,
    "reset_share": 0.0,
    "first_n": None,
}  # what first_n switches off


class Faults(BaseModel):
    """Everything that can be turned; the defaults are a well-behaved server.

    Attributes:
        latency_ms: Every call waits so long before it is carried out, answered, hung or reset.
        latency_jitter_ms: And up to so much longer, evenly spread.
        rate_per_s: Calls beyond so many in any second answer 429; None is no limit.
        throttle: Every call answers 429.
        retry_after: Sent verbatim as Retry-After with every 429, outage and error answer.
        error_share: The share of calls that answer error_status with a front server's HTML page, unapplied.
        error_status: The status of those.
        outage: Every call answers 503 with HTML.
        hang_share: The share of calls that never get an answer.
        hang_applies: Whether a hung call is carried out all the same.
        lands_after_ms: How long after its arrival such a call is carried out, whether or not its caller is still there.
        reset_share: The share of calls whose connection is reset.
        reset_applies: Whether such a call is carried out first.
        first_n: throttle, outage and the three shares are for the next so many calls only, then switch themselves off.
        key_refused: The API key answers 401.
        expired_tokens: Session tokens that answer 401.
        session_lifetime_s: How long a session that is opened from now on lives after its last request.
        session_slides: Whether requests prolong it, as documented [A].
        rejected_ids: Message ids that answer rejected_status.
        rejected_dialogs: Dialog ids that answer rejected_status.
        rejected_status: 400, 403, 404, 422, or 500 for ids with which the server fails every time.
        list_with_bad_id: A comma list with an unknown, foreign or rejected id: refused as a whole with nothing applied,
            or applied to the others [?]. A list of bad ids alone is refused either way.
        editors: Who may edit a message: its sender alone, or anyone in the dialog [?].
        stray_text: A PUT with text but not exactly one id: refused with 422, or its text ignored [?].
        unknown_users: Users never seen before: created, or refused.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    latency_ms: Milliseconds = 0.0
    latency_jitter_ms: Milliseconds = 0.0
    rate_per_s: Annotated[int, Field(ge=1)] | None = None
    throttle: bool = False
    retry_after: Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")] | None = None
    error_share: Share = 0.0
    error_status: Annotated[int, Field(ge=400, le=599)] = 503
    outage: bool = False
    hang_share: Share = 0.0
    hang_applies: bool = False
    lands_after_ms: Milliseconds = 0.0
    reset_share: Share = 0.0
    reset_applies: bool = False
    first_n: Annotated[int, Field(ge=1)] | None = None
    key_refused: bool = False
    expired_tokens: Names = frozenset()
    session_lifetime_s: Annotated[float, Field(ge=0, le=7200)] = LIFETIME_S
    session_slides: bool = True
    rejected_ids: ObjectIds = frozenset()
    rejected_dialogs: ObjectIds = frozenset()
    rejected_status: Literal[400, 403, 404, 422, 500] = 404
    list_with_bad_id: Literal["reject", "skip"] = "reject"
    editors: Literal["sender", "anyone"] = "sender"
    stray_text: Literal["reject", "ignore"] = "reject"
    unknown_users: Literal["create", "reject"] = "create"

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.hang_share + self.reset_share + self.error_share > 1 + 1e-9:
            raise ValueError("hang_share + reset_share + error_share must not exceed 1")
        return self

    def as_document(self) -> dict[str, Any]:
        """Return all fields as JSON knows them."""
        return self.model_dump(mode="json")


class Fate(Enum):
    """What befalls a call."""

    SERVED = "served"
    THROTTLED = "throttled"
    OUTAGE = "outage"
    ERROR = "error"
    HUNG = "hung"
    RESET = "reset"


class Draw(NamedTuple):
    """The fate of one call, with the faults in force when it arrived."""

    fate: Fate
    delay_s: float
    faults: Faults

    @property
    def applies(self) -> bool:
        """Whether the call reaches the world at all."""
        return (
            self.fate is Fate.SERVED
            or (self.fate is Fate.HUNG and self.faults.hang_applies)
            or (self.fate is Fate.RESET and self.faults.reset_applies)
        )


class Misbehaviour:
    """Holds the faults in force and draws the fate of each call.

    Args:
        roll: Returns chance: a number from 0 (included) to 1 (excluded).
    """

    def __init__(self, roll: Callable[[], float] = random.random) -> None:
        self._roll = roll
        self._passed: deque[float] = deque()
        self.faults = Faults()

    def replace(self, faults: Faults) -> None:
        """Put another set in force; the rate's window starts anew."""
        self.faults = faults
        self._passed.clear()

    def draw(self, now_s: float) -> Draw:
        """Return what befalls the call that arrives now (monotonic seconds, never going back)."""
        faults = self.faults
        draw = Draw(self._fate(faults, now_s), self._delay_s(faults), faults)
        self._count_down(faults)
        return draw

    def _fate(self, faults: Faults, now_s: float) -> Fate:
        if faults.outage:
            return Fate.OUTAGE
        if faults.throttle or not self._within_rate(faults.rate_per_s, now_s):
            return Fate.THROTTLED
        return self._by_chance(faults)

    def _within_rate(self, rate_per_s: int | None, now_s: float) -> bool:
        """A sliding window: calls that were let through in the last second count, refused ones do not [?]."""
        if rate_per_s is None:
            return True
        while self._passed and self._passed[0] <= now_s - WINDOW_S:
            self._passed.popleft()
        if len(self._passed) >= rate_per_s:
            return False
        self._passed.append(now_s)
        return True

    def _by_chance(self, faults: Faults) -> Fate:
        rolled = self._roll()
        if rolled < faults.hang_share:
            return Fate.HUNG
        if rolled < faults.hang_share + faults.reset_share:
            return Fate.RESET
        if rolled < faults.hang_share + faults.reset_share + faults.error_share:
            return Fate.ERROR
        return Fate.SERVED

    def _delay_s(self, faults: Faults) -> float:
        jitter_ms = self._roll() * faults.latency_jitter_ms if faults.latency_jitter_ms else 0.0
        return (faults.latency_ms + jitter_ms) / 1000

    def _count_down(self, faults: Faults) -> None:
        if faults.first_n is not None:
            change = {"first_n": faults.first_n - 1} if faults.first_n > 1 else PASSING
            self.faults = faults.model_copy(update=change)
