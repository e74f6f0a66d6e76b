"""Connections to the master that the Sentinels name, also when one is made anew in the middle of a command.

redis-py asks the Sentinels when a connection leaves the pool. A command that fails is tried again on its connection,
and that goes to the server it knew: for as long as the retries last, to the one that has just died.
"""

from __future__ import annotations

from typing import Any

from redis.backoff import NoBackoff
from redis.connection import SSLConnection
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelManagedConnection

from receipt_sync.addresses import Address


class _AskingConnection(SentinelManagedConnection):
    def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 - redis-py's
        if not self._sock:
            self.connect()  # type: ignore[no-untyped-call]
        super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]


class _AskingSSLConnection(_AskingConnection, SSLConnection):
    pass


def master_of(address: Address, timeout_s: float, **options: Any) -> Any:
    """A client of the master; the Sentinels are asked one after another, together for as long as one connection."""
    each_s = timeout_s / len(address.places)
    asking = {"socket_timeout": each_s, "socket_connect_timeout": each_s, "retry": Retry(NoBackoff(), 0)}
    sentinel = Sentinel(address.places, sentinel_kwargs=asking | address.sentinel_options)  # type: ignore[no-untyped-call]
    kind = _AskingSSLConnection if options.pop("ssl", False) else _AskingConnection
    return sentinel.master_for(address.service, connection_class=kind, **options)  # type: ignore[no-untyped-call]
