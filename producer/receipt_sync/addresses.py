"""The ledger's address: one server, the Sentinels that know which server it is, or the nodes of a cluster.

    redis://[user:password@]host[:port][/db][?option=…]                              rediss:// with TLS
    unix://[user:password@]/path[?db=0]
    redis+sentinel://[user:password@]host[:port],host[:port],…/service[/db][?…]      rediss+sentinel:// with TLS
    redis+cluster://[user:password@]host[:port],host[:port],…[?…]                    rediss+cluster:// with TLS

redis-py has no spelling for the last two; why this one: docs/decisions/0010-sentinel-and-cluster.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from redis.connection import parse_url

SENTINEL, CLUSTER = "sentinel", "cluster"
_DEFAULT_PORTS = {SENTINEL: 26_379, CLUSTER: 6_379}
_OF_SENTINELS = "sentinel_"


@dataclass(frozen=True, slots=True)
class Address:
    """An address of several servers, taken apart.

    Attributes:
        kind: `SENTINEL` or `CLUSTER`.
        places: host and port of each.
        service: the name under which the Sentinels know the ledger's server; "" for a cluster.
        options: for connections to the ledger's servers, as redis-py names them.
        sentinel_options: for connections to the Sentinels.
    """

    kind: str
    places: tuple[tuple[str, int], ...]
    service: str
    options: dict[str, Any] = field(repr=False)
    sentinel_options: dict[str, Any] = field(repr=False)


def several_servers(url: str) -> Address | None:
    """The address of Sentinels or of a cluster; None for one of a single server.

    Raises:
        ValueError: it begins like one and is none. Never with a part of it: it may hold a password.
    """
    scheme, _, rest = url.partition("://")
    base, plus, kind = scheme.partition("+")
    if not plus or base not in {"redis", "rediss"} or kind not in _DEFAULT_PORTS:
        return None
    place, slash, query = _cut(rest)
    credentials, at, hosts = place.rpartition("@")
    service, _, database = slash.strip("/").partition("/")
    if kind == CLUSTER:
        service, database = "", service + database
    _require(service, database, kind)
    # redis-py's own reading of credentials and options, with their types; the place is left out.
    parsed = parse_url(f"{base}://{credentials}{at}x/{database}{query}")  # type: ignore[no-untyped-call]
    del parsed["host"]
    parsed.pop("connection_class", None)
    tls = {"ssl": True} if base == "rediss" else {}
    of_sentinels = {key: value for key, value in parsed.items() if key.startswith(_OF_SENTINELS)}
    ssl_options = {key: value for key, value in parsed.items() if key.startswith("ssl_")}
    return Address(
        kind=kind,
        places=tuple(_host_and_port(part, _DEFAULT_PORTS[kind]) for part in hosts.split(",")),
        service=service,
        options=tls | {key: value for key, value in parsed.items() if key not in of_sentinels},
        sentinel_options=tls
        | ssl_options
        | {key.removeprefix(_OF_SENTINELS): value for key, value in of_sentinels.items()},
    )


def _cut(text: str) -> tuple[str, str, str]:
    """What names the place, the path, and the query with its question mark."""
    before, mark, query = text.partition("?")
    place, _, path = before.partition("/")
    return place, path, mark + query


def _require(service: str, database: str, kind: str) -> None:
    if kind == SENTINEL and not service:
        raise ValueError("the service's name is missing: …/service/db")
    if database and not (database.isascii() and database.isdigit()):
        raise ValueError("the database is no number")
    if kind == CLUSTER and database.strip("0"):
        raise ValueError("a cluster has database 0 alone")


def _host_and_port(text: str, default_port: int) -> tuple[str, int]:
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, str(default_port)
    if not host or not (port.isascii() and port.isdigit()):
        raise ValueError("a host or a port cannot be read")
    return host.strip("[]"), int(port)
