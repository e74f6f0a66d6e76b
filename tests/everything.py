"""Everything that lies in a Redis, as one text, to search it for what should not be there."""

from __future__ import annotations

from typing import Any

import redis


def everything(client: redis.Redis) -> bytes:
    """Every key with its name and its content, whatever its type; but the functions' text, which holds no data."""
    whole: Any = client  # redis-py's annotations know neither whether it is async nor what it answers
    parts: list[bytes] = []
    for key in sorted(whole.scan_iter(count=1000)):
        kind = whole.type(key).decode()
        parts += [key, _content(whole, key, kind)]
    return b"\n".join(parts)


def _content(client: Any, key: bytes, kind: str) -> bytes:
    match kind:
        case "string":
            content = client.get(key)
        case "hash":
            content = client.hgetall(key)
        case "list":
            content = client.lrange(key, 0, -1)
        case "set":
            content = client.smembers(key)
        case "zset":
            content = client.zrange(key, 0, -1, withscores=True)
        case "stream":
            content = client.xrange(key)
        case _:
            raise AssertionError(f"{key!r} is a {kind}")
    return repr(content).encode()
