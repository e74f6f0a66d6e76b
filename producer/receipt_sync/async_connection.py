"""The connection to the ledger's Redis for asyncio: one server, Sentinels or a cluster, spelled alike."""

from __future__ import annotations

from typing import Any

from redis import asyncio as aredis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from receipt_sync.addresses import CLUSTER, several_servers
from receipt_sync.connection import EXPECTED

_CONNECTIONS = 50


def connect(said_in: str, url: str, timeout_s: float) -> Any:
    """A client that connects when it is first used.

    Args:
        said_in: the argument or variable that gave the URL, for the error.
        url: of the ledger; how it is spelled: addresses.py.
        timeout_s: seconds to wait for a connection, and for each answer.

    Raises:
        ValueError: the URL is not one.
    """
    try:
        return _client_of(url, timeout_s)
    except ValueError:
        # Not the reason in redis-py's words: they can quote the URL's password.
        raise ValueError(f"{said_in}: expected {EXPECTED}, got another") from None


def _client_of(url: str, timeout_s: float) -> Any:
    # One retry, at once: a connection of the pool that the server has closed since is replaced.
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 1),
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
    }
    address = several_servers(url)
    if address is None:
        # A burst of tasks waits for connections instead of being refused one.
        pool = aredis.BlockingConnectionPool.from_url(url, max_connections=_CONNECTIONS, timeout=timeout_s, **options)
        return aredis.Redis.from_pool(pool)
    options |= address.options
    if address.kind == CLUSTER:
        return RedisCluster(startup_nodes=[ClusterNode(*place) for place in address.places], **options)
    each_s = timeout_s / len(address.places)
    asking = {"socket_timeout": each_s, "socket_connect_timeout": each_s, "retry": Retry(NoBackoff(), 0)}
    sentinel = Sentinel(address.places, sentinel_kwargs=asking | address.sentinel_options)  # type: ignore[no-untyped-call]
    return sentinel.master_for(address.service, **options)


def node_of(client: Any, key: str) -> Any:
    """The server that has a key: the client itself, unless it is a cluster's."""
    return client.get_node_from_key(key) if isinstance(client, RedisCluster) else client
