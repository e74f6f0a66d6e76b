"""The server process: uvicorn on one port, from its first line to a clean end."""

import signal
import socket
import sys
from types import FrameType

import uvicorn

from sandbox.app import build_app
from sandbox.auth import Account
from sandbox.protocol import SandboxProtocol
from sandbox.service import ChatApi

FAREWELL_S = 3  # for answers that are just being written
IDLE_S = 3600  # a connection closes by itself only long after any test: resets happen on demand alone


class SandboxServer(uvicorn.Server):
    """uvicorn's server that says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, api: ChatApi) -> None:
        super().__init__(config)
        self._api = api

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind the port, then print the one line that callers wait for."""
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            sys.stdout.write(f"sandbox listens on http://{self.config.host}:{port}\n")
            sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening; nobody waits for a latency any longer."""
        self._api.ending.set()
        await super().shutdown(sockets)


def serve(host: str, port: int, account: Account) -> None:
    """Serve the sandbox until SIGTERM or SIGINT.

    Args:
        host: The address to listen on.
        port: The port; 0 lets the system choose, and the printed line tells which.
        account: The credentials that callers must use.

    Raises:
        SystemExit: With 0 after a signal, with another status when the port cannot be bound.
    """
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _leave)  # uvicorn raises the signal again once it has closed everything
    api = ChatApi(account)
    config = uvicorn.Config(
        build_app(api),
        host=host,
        port=port,
        http=SandboxProtocol,
        ws="none",
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=FAREWELL_S,
    )
    SandboxServer(config, api).run()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
