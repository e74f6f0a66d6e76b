"""A TCP proxy that misbehaves like a network: it resets, refuses, falls silent, delays.

All proxies of a run live on one event loop in a thread of its own; their methods may be called from any thread and
return when the fault holds.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from typing import Self, cast

from stack.ports import free_port

HOST = "127.0.0.1"
_NO_LINGER = struct.pack("ii", 1, 0)  # closing sends RST instead of FIN
_ORDER_S = 1e-6


class Network:
    """The loop on which proxies run; leaving the block ends it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._proxies: list[Proxy] = []
        self._thread = threading.Thread(target=self.loop.run_forever, name="network", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def do(self, what: Callable[[], None]) -> None:
        """Runs something on the loop and waits for it."""

        async def run() -> None:
            what()

        asyncio.run_coroutine_threadsafe(run(), self.loop).result()

    def proxy(self, target_port: int) -> Proxy:
        """A new proxy before a port of 127.0.0.1."""
        self._proxies.append(Proxy(self, target_port))
        return self._proxies[-1]

    async def _end(self) -> None:
        for proxy in self._proxies:
            proxy.end()
        under_way = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await asyncio.sleep(0)  # what has been reset is closed in the loop's next round


class Proxy:
    """One proxy.

    Attributes:
        port: where it listens.
    """

    def __init__(self, network: Network, target_port: int) -> None:
        self.port = free_port()
        self.target_port = target_port
        self.delay_s = 0.0
        self.silent = False
        self.wires: set[Wire] = set()
        self._network = network
        self._listener: asyncio.Server | None = None
        self._listen()

    def cut(self) -> None:
        """Both ends of every connection are reset."""
        self._network.do(self._reset)

    def refuse(self) -> None:
        """New connections are refused; those that are open stay."""
        self._network.do(self._stop_listening)

    def half_open(self) -> None:
        """The peer of every open connection is silently gone, for good; new connections are served."""
        self._network.do(self._silence)

    def fall_silent(self) -> None:
        """As `half_open`, and whoever connects now meets silence, too."""
        self.silent = True
        self._network.do(self._silence)

    def slow_down(self, delay_s: float) -> None:
        """Everything arrives so much later, in order."""
        self.delay_s = delay_s

    def heal(self) -> None:
        """New connections are served, at once. Those that fell silent stay so: their peer is gone."""
        self.silent, self.delay_s = False, 0.0
        if self._listener is None:
            self._listen()

    def end(self) -> None:
        """On the loop: nothing of it is left."""
        self._stop_listening()
        self._reset()

    def _reset(self) -> None:
        for wire in list(self.wires):
            wire.reset()

    def _silence(self) -> None:
        for wire in self.wires:
            wire.silent = True

    def _listen(self) -> None:
        async def listen() -> None:
            loop = self._network.loop
            self._listener = await loop.create_server(lambda: Wire(self).near, HOST, self.port)

        asyncio.run_coroutine_threadsafe(listen(), self._network.loop).result()

    def _stop_listening(self) -> None:
        if self._listener:
            self._listener.close()
            self._listener = None


class Wire:
    """A client's connection and ours to the server behind it."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.silent = proxy.silent
        self.near, self.far = End(self), End(self)

    def opened(self) -> None:
        """The client is there: get it the server, unless nobody would answer."""
        self.proxy.wires.add(self)
        if not self.silent:
            self.near.transport.pause_reading()
            self._connecting = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self.far, HOST, self.proxy.target_port)
        except OSError:  # no server: the client learns it as from a host whose port has closed
            self.near.reset()
            return
        if self.near.transport.is_closing():
            self.far.reset()
        else:
            self.near.transport.resume_reading()

    def other(self, end: End) -> End:
        """The end on the other side."""
        return self.far if end is self.near else self.near

    def ended(self, end: End) -> None:
        """One end has gone: so does the other, when what was sent before has arrived."""
        if self.silent and end is self.far:
            return  # nobody tells the client
        self.proxy.wires.discard(self)
        self.other(end).finish()

    def reset(self) -> None:
        """Reset both ends."""
        self.near.reset()
        self.far.reset()


class End(asyncio.Protocol):
    """One end of a wire."""

    transport: asyncio.Transport

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._last_due_s = 0.0
        self._connected = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's word that the connection stands."""
        self.transport = cast("asyncio.Transport", transport)
        self._connected = True
        if self is self._wire.near:
            self._wire.opened()

    def data_received(self, data: bytes) -> None:
        """Asyncio's word that bytes have come; a silent wire swallows them."""
        if not self._wire.silent:
            self._wire.other(self).send(data)

    def pause_writing(self) -> None:
        """Asyncio's word that this end takes no more."""
        self._wire.other(self).transport.pause_reading()

    def resume_writing(self) -> None:
        """Asyncio's word that it does again."""
        self._wire.other(self).transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Asyncio's word that the connection is gone."""
        self._wire.ended(self)

    def send(self, data: bytes) -> None:
        """Passes bytes on, when their time has come."""
        self._later(lambda: self._write(data))

    def finish(self) -> None:
        """Closes after what was sent before."""
        if self._connected:
            self._later(self.transport.close)

    def reset(self) -> None:
        """Closes at once, with RST; what was on its way is lost."""
        if self._connected and not self.transport.is_closing():
            own: socket.socket = self.transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.transport.abort()

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing() and not self._wire.silent:
            self.transport.write(data)

    def _later(self, what: Callable[[], None]) -> None:
        """In order, even when the delay changes."""
        loop = self._wire.proxy._network.loop
        now_s = loop.time()
        self._last_due_s = max(now_s + self._wire.proxy.delay_s, self._last_due_s + _ORDER_S)
        if self._last_due_s <= now_s + _ORDER_S:
            what()
        else:
            loop.call_at(self._last_due_s, what)
