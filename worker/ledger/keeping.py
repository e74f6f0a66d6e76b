"""A Redis that may evict is no ledger: told from its policy, which both INFO and CONFIG know.

Anything but `noeviction` is refused, also while `maxmemory` is 0: a `CONFIG SET maxmemory` would begin to evict without
a word to anyone. `volatile-*` is no better than `allkeys-*`: slots at rest have a time to live, and what they remember
keeps an edit from going backwards.
"""

from __future__ import annotations

import logging
from typing import Any

import redis

from receipt_sync import keys
from receipt_sync.cluster import node_of
from worker.logs import events

log = logging.getLogger(__name__)

_KEEPS = "noeviction"


class EvictingRedisError(Exception):
    """This Redis may evict the ledger; the message names the policy found and the mend."""

    def __init__(self, policy: str) -> None:
        super().__init__(
            f"REDIS_URL: this Redis has maxmemory-policy {policy!r} and may evict receipts; expected {_KEEPS!r}. "
            f"Mend it with: CONFIG SET maxmemory-policy {_KEEPS} (and in its configuration file), then start again."
        )


def require_keeping(client: redis.Redis, application: str) -> None:
    """Looks at the server that holds an application's ledger; says so in the log when it will not tell its policy.

    Raises:
        EvictingRedisError: it may evict.
        redis.RedisError: it was not reached.
    """
    policy = told_policy(node_of(client, keys.prefix(application)))
    if policy is None:
        events.REDIS_POLICY_UNTOLD.say(log, expected=_KEEPS)
    elif policy != _KEEPS:
        raise EvictingRedisError(policy)


def told_policy(server: redis.Redis) -> str | None:
    """A server's `maxmemory-policy`; None where it does not tell.

    Raises:
        redis.RedisError: it was not reached.
    """
    # INFO first: CONFIG is what managed servers refuse or rename.
    return _told(server, "INFO") or _told(server, "CONFIG")


def _told(server: redis.Redis, by: str) -> str | None:
    try:
        if by == "INFO":
            return _text(server.info("memory").get("maxmemory_policy"))
        return _text(server.config_get("maxmemory-policy").get("maxmemory-policy"))
    except redis.exceptions.BusyLoadingError:
        raise
    except redis.ResponseError:  # refused, renamed, or not known; NoPermissionError is one, too
        return None


def _text(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
