"""Acting on verdicts: what becomes of a claim after an answer of the API. Pure; randomness is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from worker.backoff import full_jitter_s
from worker.ledger import Again, Dead, Done, EditClaim, MarkClaim, Outcome
from worker.plan import Put
from worker.verdicts import Rejected, Sent, Throttled, Unauthorized, Unavailable, Unsent, Verdict, name

_HOLD_LEAST_S = 0.05


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait after which failure; seconds. Fields: settings of the same name."""

    backoff_base_s: float
    backoff_cap_s: float
    retry_after_max_s: float
    unauthorized_hold_s: float


def outcome_of(
    verdict: Verdict, put: Put, claim: MarkClaim | EditClaim, patience: Patience, random01: float
) -> Outcome:
    """What the ledger is told.

    Args:
        verdict: what the API's answer means.
        put: what was sent.
        claim: what it was sent for.
        patience: how long to wait.
        random01: a random number in [0, 1), for the jitter.
    """
    match verdict:
        case Sent():
            return Done(put.part)
        case Rejected():
            return _rejected(verdict, put)
        case Throttled():
            return _throttled(verdict, patience)
        case Unavailable():
            return _unavailable(verdict, claim, patience, random01)
        case Unauthorized():
            return _unauthorized(verdict, put, patience, random01)
        case Unsent():
            return Again(verdict.reason, verdict.login, delay_ms=_ms(verdict.again_s))
        case _:
            assert_never(verdict)


def _rejected(verdict: Rejected, put: Put) -> Outcome:
    reason = f"status {verdict.status}"
    if len(put.message_ids) > 1:
        # One bad id must not take the others with it: half the list next time, until it stands alone.
        return Again(f"list rejected: {reason}", name(verdict), list_limit=len(put.message_ids) // 2)
    return Dead(
        f"rejected: {reason}",
        name(verdict),
        part=put.part,
        status=verdict.status,
        words=verdict.words,
        request_id=verdict.request_id,
    )


def _throttled(verdict: Throttled, patience: Patience) -> Outcome:
    hold_s = min(verdict.retry_after_s or 0.0, patience.retry_after_max_s)
    # Without a wish of the API's the law of the pace decides (lua/law.lua).
    return Again("throttled", name(verdict), hold_ms=_ms(hold_s) if hold_s >= _HOLD_LEAST_S else 0)


def _unavailable(verdict: Unavailable, claim: MarkClaim | EditClaim, patience: Patience, random01: float) -> Outcome:
    delay_s = full_jitter_s(claim.attempts, patience.backoff_base_s, patience.backoff_cap_s, random01)
    if verdict.retry_after_s is not None:
        delay_s = max(delay_s, min(verdict.retry_after_s, patience.retry_after_max_s))
    return Again(verdict.reason, name(verdict), delay_ms=_ms(delay_s), costs_attempt=True, in_doubt=verdict.in_doubt)


def _unauthorized(verdict: Unauthorized, put: Put, patience: Patience, random01: float) -> Outcome:
    if verdict.again_s is not None:
        return Again(verdict.reason, name(verdict), delay_ms=_ms(verdict.again_s))
    pause_ms = _ms(patience.unauthorized_hold_s)
    if put.token is None and verdict.configured:
        return Again(verdict.reason, name(verdict), hold_ms=pause_ms)
    if put.token is not None:
        return Again(verdict.reason, name(verdict), wants_token=True)
    # Half of it jittered: the slots of a missing key must not come back all at once. The API was not asked: no verdict.
    delay_ms = round(pause_ms * (0.5 + random01 / 2))
    return Again(verdict.reason, "", delay_ms=delay_ms, wants_token=True)


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
