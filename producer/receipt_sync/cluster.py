"""A Redis Cluster as the ledger: redis-py's client, made when it is first used, with errors that callers know.

redis-py's own asks the cluster already when it is made: a web app could not start while Redis is away. And what it
raises when it finds no cluster is no `redis.RedisError`, which is what recording promises, for each command.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import ClusterError, RedisClusterException

Answer = TypeVar("Answer")


class ClusterClient:
    """A client that connects when it is first used; each of its commands may raise `redis.RedisError` only.

    Args:
        places: host and port of some nodes; these tell of the others.
        options: for each connection, as redis-py names them.
    """

    def __init__(self, places: tuple[tuple[str, int], ...], **options: Any) -> None:
        self._places = places
        self._options = options
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._made: RedisCluster | None = None
        self._pid = os.getpid()

    def node_of(self, key: str) -> redis.Redis:
        """The client of the node that has a key now, for commands that name no key."""

        def found() -> redis.Redis:
            cluster = self._cluster()
            return cluster.get_redis_connection(cluster.get_node_from_key(key))  # type: ignore[no-untyped-call]

        return as_redis_error(found)

    def __getattr__(self, name: str) -> Any:
        # fcall, hset, xrange, pubsub …: as redis-py has them.
        found = getattr(as_redis_error(self._cluster), name)
        if not callable(found):
            return found

        def command(*arguments: Any, **options: Any) -> Any:
            return as_redis_error(lambda: found(*arguments, **options))

        return command

    def close(self) -> None:
        """Gives the connections back; the client may be used again."""
        with self._held():
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _held(self) -> threading.Lock:
        if self._pid != os.getpid():
            # Forked: whoever holds the lock, ours or one of redis-py's, may be a thread that is not here.
            self._begin_anew()
        return self._lock

    def _cluster(self) -> RedisCluster:
        with self._held():
            if self._made is None:
                nodes = [ClusterNode(*place) for place in self._places]  # type: ignore[no-untyped-call]
                self._made = RedisCluster(startup_nodes=nodes, **self._options)
            return self._made


def node_of(client: Any, key: str) -> redis.Redis:
    """The client of the server that has a key: the client itself, unless it is a cluster's."""
    if isinstance(client, ClusterClient):
        return client.node_of(key)
    if isinstance(client, RedisCluster):
        return client.get_redis_connection(client.get_node_from_key(key))  # type: ignore[no-untyped-call]
    return client  # type: ignore[no-any-return]


def unreached(error: RedisClusterException | ClusterError) -> redis.RedisError:
    """The error to raise in place of one of redis-py's for clusters, which may be no `redis.RedisError`.

    Its kind alone is kept: its words name addresses.
    """
    # The server's own words, such as CLUSTERDOWN, are a ResponseError and stay one; what is none has been given up
    # after too many servers that sent on to each other.
    if isinstance(error, redis.ResponseError):
        return error
    return redis.ConnectionError(f"the cluster was not reached: {type(error).__name__}")


def as_redis_error(step: Callable[[], Answer]) -> Answer:
    """A step's answer; what redis-py raises for clusters alone is a `redis.RedisError` then."""
    try:
        return step()
    except (RedisClusterException, ClusterError) as error:
        told = unreached(error)
        if told is error:
            raise
        raise told from error
