"""A Redis with a replica, and Sentinels that promote it when the master is gone."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from stack.ports import free_port
from stack.process import Process
from stack.programs import program
from stack.redis_server import HOST, READY_WITHIN_S, RedisServer

SERVICE = "ledger"
SENTINELS = 3
QUORUM = 2


class Sentinels:
    """Master, replica and three Sentinels, each of which knows the others.

    Attributes:
        servers: the two; the first is the master until it is killed.
        processes: the Sentinels.
    """

    def __init__(self, directory: Path, *, down_after_ms: int = 500, fsync: Any = "everysec") -> None:
        """Start them and wait until every Sentinel knows the replica and the other two.

        Args:
            directory: Of everybody's data and logs.
            down_after_ms: How long a master may be silent.
            fsync: Of the two servers.

        Raises:
            FileNotFoundError: One of the programs is not here.
            stack.process.ProcessError: One ended, or did not answer in time.
        """
        binary = program("redis-server")
        self.processes: list[Process] = []
        self.servers: list[RedisServer] = []
        try:
            self.servers.append(RedisServer(directory / "first", binary=binary, fsync=fsync))
            of_replica = {"replicaof": f"{HOST} {self.servers[0].port}", "repl-diskless-sync-delay": "0"}
            self.servers.append(RedisServer(directory / "second", binary=binary, fsync=fsync, options=of_replica))
            self._ports = [free_port() for _ in range(SENTINELS)]
            self.processes += [self._start(directory / f"sentinel-{port}", port, down_after_ms) for port in self._ports]
            for process, port in zip(self.processes, self._ports, strict=True):
                process.wait_until(lambda port=port: self._knows_all(port), READY_WITHIN_S, "the others")  # type: ignore[misc]
        except BaseException:
            self.kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """For clients of ours; database 0."""
        return f"redis+sentinel://{','.join(f'{HOST}:{port}' for port in self._ports)}/{SERVICE}/0"

    def master_port(self) -> int:
        """Of the server that the first Sentinel takes for the master."""
        return int(self._state(self._ports[0])["port"])

    def fail_over(self) -> None:
        """Ask the first Sentinel to promote the replica although the master is well."""
        with redis.Redis(host=HOST, port=self._ports[0], socket_timeout=2) as client:
            client.execute_command("SENTINEL", "FAILOVER", SERVICE)

    def kill(self) -> None:
        """End all with SIGKILL."""
        for process in self.processes:
            process.kill()
        for server in self.servers:
            server.kill()

    def _start(self, directory: Path, port: int, down_after_ms: int) -> Process:
        directory.mkdir(parents=True)
        configuration = directory / "sentinel.conf"
        lines = [
            f"port {port}",
            f"bind {HOST}",
            f'dir "{directory}"',
            f"sentinel monitor {SERVICE} {HOST} {self.servers[0].port} {QUORUM}",
            f"sentinel down-after-milliseconds {SERVICE} {down_after_ms}",
            f"sentinel failover-timeout {SERVICE} {down_after_ms * 6}",
        ]
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return Process(
            "sentinel",
            [str(program("redis-sentinel")), str(configuration)],
            None,
            directory,
            directory / "sentinel.log",
        )

    def _knows_all(self, port: int) -> bool:
        try:
            state = self._state(port)
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        return bool(state["num-slaves"] == 1 and state["num-other-sentinels"] == SENTINELS - 1)

    @staticmethod
    def _state(port: int) -> dict[str, Any]:
        with redis.Redis(host=HOST, port=port, socket_timeout=2) as client:
            return dict(client.sentinel_master(SERVICE))
