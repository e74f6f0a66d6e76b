"""A real RabbitMQ on this machine, with a node, a cookie and an epmd of its own."""

import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from stack.ports import free_port
from stack.process import Process
from stack.programs import program

HOST = "127.0.0.1"
READY_WITHIN_S = 90.0
_LIB = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class RabbitMQ:
    """A broker that has been started and listens; what it has confirmed survives `kill` and `restart`.

    Attributes:
        directory: Where its data and its logs are.
        port: Kept over restarts.
        tls_port: The same, where it has a certificate.
        process: The one of now.
    """

    def __init__(self, directory: Path, certificate: tuple[Path, Path] | None = None) -> None:
        """Start it and wait until it takes connections.

        Args:
            directory: Made unless it exists.
            certificate: With one and its key it listens with TLS, too.

        Raises:
            FileNotFoundError: There is no rabbitmq-server.
            stack.process.ProcessError: It ended, or does not listen in time.
        """
        self.directory, self.port = directory.absolute(), free_port()
        self._dist_port, self._epmd_port = free_port(), free_port()
        self._certificate, self.tls_port = certificate, free_port()
        self.directory.mkdir(parents=True, exist_ok=True)
        self._epmd = Process(
            "epmd",
            [str(program("epmd")), "-address", HOST, "-port", str(self._epmd_port)],
            None,
            self.directory,
            self.directory / "epmd.log",
        )
        try:
            self._epmd.wait_until(lambda: _listens(self._epmd_port), 20, "its port")
            self.process = self._start()
        except BaseException:
            self._epmd.kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self._epmd.kill()

    @property
    def url(self) -> str:
        """For Celery."""
        return f"amqp://guest:guest@{HOST}:{self.port}//"

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()

    def restart(self) -> None:
        """Start it again, on the same port and data."""
        self.process.kill()
        self.process = self._start()

    def _start(self) -> Process:
        # Debian's wrapper in sbin becomes the user rabbitmq, who may not enter our directories.
        server = _LIB if _LIB.exists() else program("rabbitmq-server")
        process = Process("rabbitmq", [str(server)], self._environment(), self.directory, self.directory / "server.log")
        try:
            process.wait_for_line("Server startup complete", READY_WITHIN_S)
        except BaseException:
            process.kill()
            raise
        return process

    def _environment(self) -> dict[str, str]:
        configuration = self.directory / "rabbitmq.conf"
        lines = [f"listeners.tcp.1 = {HOST}:{self.port}", "log.console = true", *self._tls()]
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.directory / "env.conf").touch()
        (self.directory / "enabled_plugins").write_text("[].\n", encoding="utf-8")
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(self.directory),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": f"receipts{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(self.directory / "data"),
            "RABBITMQ_LOG_BASE": str(self.directory / "log"),
            "RABBITMQ_PID_FILE": str(self.directory / "pid"),
            "RABBITMQ_CONFIG_FILE": str(configuration),
            "RABBITMQ_CONF_ENV_FILE": str(self.directory / "env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "enabled_plugins"),
        }

    def _tls(self) -> list[str]:
        if self._certificate is None:
            return []
        files = zip(("certfile", "keyfile"), self._certificate, strict=True)
        return [f"listeners.ssl.1 = {HOST}:{self.tls_port}", *(f"ssl_options.{name} = {path}" for name, path in files)]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
