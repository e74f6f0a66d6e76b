"""A Redis Cluster of three masters."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from stack.ports import free_port
from stack.programs import program
from stack.redis_server import HOST, READY_WITHIN_S, RedisServer

NODES = 3
SLOTS = 16_384


class RedisCluster:
    """Three masters that share the slots and agree on it.

    Attributes:
        servers: the three.
    """

    def __init__(self, directory: Path, binary: Path | None = None) -> None:
        """Start them, let them meet, and wait until each says that the cluster is well.

        Args:
            directory: Where their data are.
            binary: The server; by default the redis-server of this machine.

        Raises:
            FileNotFoundError: There is no redis-server.
            stack.process.ProcessError: One ended, or did not answer in time.
        """
        # Among themselves they talk on ports of their own; the default, 10,000 above, may be some client's by now.
        self._bus_ports = [free_port() for _ in range(NODES)]
        with ExitStack() as undo:
            self.servers = [
                undo.enter_context(
                    RedisServer(
                        directory / str(n),
                        binary=binary or program("redis-server"),
                        options={
                            "cluster-enabled": "yes",
                            "cluster-node-timeout": "2000",
                            "cluster-port": str(bus_port),
                        },
                    )
                )
                for n, bus_port in enumerate(self._bus_ports)
            ]
            self._share_slots()
            for server in self.servers:
                server.process.wait_until(lambda server=server: _is_well(server), READY_WITHIN_S, "the others")  # type: ignore[misc]
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self.servers:
            server.kill()

    @property
    def url(self) -> str:
        """For clients of ours."""
        return f"redis+cluster://{','.join(f'{HOST}:{server.port}' for server in self.servers)}"

    def owner(self, key: str) -> RedisServer:
        """The server that has this key's slot."""
        with self.servers[0].client() as client:
            slot = int(client.cluster("KEYSLOT", key))
        return self.servers[slot * NODES // SLOTS]

    def _share_slots(self) -> None:
        bounds = [-(-n * SLOTS // NODES) for n in range(NODES + 1)]
        for n, server in enumerate(self.servers):
            with server.client() as client:
                _say(client, "CLUSTER", "ADDSLOTSRANGE", bounds[n], bounds[n + 1] - 1)
                _say(client, "CLUSTER", "SET-CONFIG-EPOCH", n + 1)
                if n:
                    _say(client, "CLUSTER", "MEET", HOST, self.servers[0].port, self._bus_ports[0])


def _say(client: redis.Redis, *words: Any) -> None:
    client.execute_command(*words)  # type: ignore[no-untyped-call]


def _is_well(server: RedisServer) -> bool:
    with server.client() as client:
        state: dict[str, str] = client.cluster("INFO")
        return state["cluster_state"] == "ok" and state["cluster_known_nodes"] == str(NODES)
