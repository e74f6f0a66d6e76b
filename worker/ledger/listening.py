"""Who listens: workers hear from the ledger that something fell due, each by its ticker."""

from __future__ import annotations

from typing import Any

import redis

from receipt_sync import keys
from receipt_sync.cluster import ClusterClient


def listeners(client: redis.Redis, application: str) -> int | None:
    """How many connections wait to be woken: one for each worker, and one for each sync that stays (staying.py).

    None where Redis does not say: a cluster's node knows its own alone, and the right to ask may not have been granted.

    Raises:
        redis.RedisError: it was not reached.
    """
    if isinstance(client, ClusterClient):
        return None
    channel = keys.wake_channel(application)
    asking: Any = client
    try:
        [(_, count)] = asking.pubsub_numsub(channel)
    except redis.ResponseError:
        return None
    return int(count)
