"""The producer's connection to Redis: one that cannot hang a web request."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def connect(said_in: str, url: str, timeout_s: float) -> redis.Redis:
    """A client for the ledger; connects when it is first used.

    Args:
        said_in: the argument or variable that gave the URL, for the error.
        url: `redis://`, `rediss://` or `unix://`.
        timeout_s: seconds to wait for a connection, and for each answer.

    Raises:
        ValueError: the URL is not one.
    """
    try:
        # One retry, at once: a connection of the pool that the server has closed since is replaced.
        return redis.Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 1),
            health_check_interval=0,
        )
    except ValueError:
        # Not the reason in redis-py's words: they can quote the URL's password.
        raise ValueError(f"{said_in}: expected redis://, rediss:// or unix:// with an address, got another") from None
