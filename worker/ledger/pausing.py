"""The pause by hand of one application: for a worker's ledger, and for an operator who has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import redis

from receipt_sync import keys
from worker.ledger import functions


@dataclass(frozen=True, slots=True)
class Paused:
    """Somebody's pause: since when, by Redis' clock, and why."""

    since_ms: int
    why: str


def pause(client: redis.Redis, application: str, why: str) -> Paused | None:
    """Nothing more is claimed until `resume`; what is in flight ends.

    Args:
        client: the ledger's Redis; answers must be bytes.
        application: its name.
        why: for whoever asks later. A half character is replaced: Redis' client cannot say it.

    Returns:
        The pause that there was before. Its time stays, its reason is replaced.

    Raises:
        redis.RedisError: the ledger is not reached, or refuses.
    """
    why = why.encode(errors="replace").decode()
    return _before(functions.PAUSE.call(client, keys.prefix(application), "pause", why))


def resume(client: redis.Redis, application: str) -> Paused | None:
    """Ends a pause and wakes the workers; answers the pause that there was.

    Raises:
        redis.RedisError: the ledger is not reached, or refuses.
    """
    return _before(functions.PAUSE.call(client, keys.prefix(application), "resume"))


def _before(answer: Sequence[bytes | int]) -> Paused | None:
    since_ms, why = int(answer[0]), answer[1]
    return Paused(since_ms, why.decode(errors="replace") if isinstance(why, bytes) else str(why)) if since_ms else None
