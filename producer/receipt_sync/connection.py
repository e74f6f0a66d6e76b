"""The connection to the ledger's Redis, for producers and workers: one server, Sentinels or a cluster."""

from __future__ import annotations

from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from receipt_sync.addresses import CLUSTER, several_servers
from receipt_sync.cluster import ClusterClient
from receipt_sync.sentinels import master_of

EXPECTED = "redis://, rediss://, unix://, redis+sentinel:// or redis+cluster:// with an address"


def connect(said_in: str, url: str, timeout_s: float) -> redis.Redis:
    """A producer's client, one that cannot hang a web request; connects when it is first used.

    Args:
        said_in: the argument or variable that gave the URL, for the error.
        url: of the ledger; how it is spelled: addresses.py.
        timeout_s: seconds to wait for a connection, and for each answer.

    Raises:
        ValueError: the URL is not one.
    """
    try:
        # One retry, at once: a connection of the pool that the server has closed since is replaced.
        return client_of(url, timeout_s=timeout_s, retry=Retry(NoBackoff(), 1), health_check_interval=0)
    except ValueError:
        # Not the reason in redis-py's words: they can quote the URL's password.
        raise ValueError(f"{said_in}: expected {EXPECTED}, got another") from None


def client_of(url: str, *, timeout_s: float, retry: Retry, **options: Any) -> redis.Redis:
    """A client of the ledger; connects when it is first used.

    Args:
        url: of the ledger.
        timeout_s: seconds to wait for a connection, and for each answer.
        retry: what becomes of a command whose connection fails.
        options: more of redis-py's, for each connection.

    Raises:
        ValueError: the URL is not one.
    """
    options |= {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
    address = several_servers(url)
    if address is None:
        return redis.Redis.from_url(url, retry=retry, **options)
    options |= address.options
    if address.kind == CLUSTER:
        # It has every command that is used here, and no common ancestor.
        return cast("redis.Redis", ClusterClient(address.places, retry=retry, **options))
    return cast("redis.Redis", master_of(address, timeout_s, retry=retry, **options))
