"""Backoff: how long a slot waits after a failure. Pure; randomness is an argument."""

from __future__ import annotations

_DOUBLINGS_MAX = 30


def full_jitter_s(attempts: int, base_s: float, cap_s: float, random01: float) -> float:
    """Exponential delay with full jitter: anywhere between 0 and the capped power of two.

    Full jitter spreads the slots of one outage evenly over the whole delay, so they do not come back together
    (AWS Architecture Blog, "Exponential Backoff And Jitter").

    Args:
        attempts: failed attempts in a row before this one.
        base_s: upper end of the first delay, seconds.
        cap_s: upper end of every delay, seconds.
        random01: a random number in [0, 1).
    """
    return random01 * min(cap_s, base_s * 2.0 ** min(attempts, _DOUBLINGS_MAX))
