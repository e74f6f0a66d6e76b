"""The line to one caller: reading its body, answering, waiting for it to go, cutting it."""

import asyncio
import socket
import struct

from starlette.types import Receive, Scope, Send

from sandbox.answers import Answer

TRANSPORT = "sandbox.transport"  # where the protocol leaves the transport, among the scope's extensions
LINGER_NOT = struct.pack("ii", 1, 0)  # close sends a reset instead of a farewell


class CallerGoneError(Exception):
    """The caller left before its body was complete."""


class Line:
    """One call's connection."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._transport: asyncio.Transport = scope["extensions"][TRANSPORT]
        self._receive = receive
        self._send = send

    async def body(self) -> bytes:
        """Return the whole body.

        Raises:
            CallerGoneError: The caller left while sending it.
        """
        whole = b""
        while True:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise CallerGoneError
            part: bytes = event.get("body", b"")
            whole += part
            if not event.get("more_body", False):
                return whole

    async def send(self, answer: Answer) -> None:
        """Send the answer; to a caller that has gone, nothing happens."""
        await self._send({"type": "http.response.start", "status": answer.status, "headers": answer.header_lines()})
        await self._send({"type": "http.response.body", "body": answer.body})

    async def gone(self) -> None:
        """Wait until the caller has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def reset(self) -> None:
        """Cut the connection with a TCP reset."""
        if not self._transport.is_closing():
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            self._transport.abort()
        await self.gone()
