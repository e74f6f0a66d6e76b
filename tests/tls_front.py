"""TLS in front of a server that speaks without: what the API's and a managed Redis' front is in production."""

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"
_CHUNK_BYTES = 65_536


class TlsFront:
    """Takes TLS connections and hands what they say to a port of 127.0.0.1; leaving the block ends it.

    Attributes:
        port: Where it listens; the same after `show`.
    """

    def __init__(self, target_port: int, certificate: tuple[Path, Path]) -> None:
        self._target_port = target_port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tls front", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def show(self, certificate: tuple[Path, Path]) -> None:
        """Another certificate from now on."""
        self._context.load_cert_chain(*certificate)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, HOST, 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        plain = writer.transport
        try:
            await writer.start_tls(self._context)
            behind_reader, behind_writer = await asyncio.open_connection(HOST, self._target_port)
            await asyncio.gather(_pass(reader, behind_writer), _pass(behind_reader, writer))
        except OSError:  # the client does not trust us, or has gone
            pass
        finally:
            plain.abort()
            await asyncio.sleep(0)  # the loop closes its socket in its next turn

    async def _end(self) -> None:
        self._server.close()
        under_way = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                writer.write(chunk)
                await writer.drain()
    finally:
        writer.close()
