"""The proxy: what it does to a connection is what a network would do."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.chaos.proxy import HOST, Network, Proxy


class Echo(threading.Thread):
    """A server that sends back what comes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server((HOST, 0))
        self.port: int = self.listener.getsockname()[1]
        self.ends = threading.Semaphore(0)

    def run(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=(peer,), daemon=True).start()

    def _echo(self, peer: socket.socket) -> None:
        with peer:
            try:
                while data := peer.recv(65536):
                    peer.sendall(data)
            except ConnectionResetError:
                pass
            self.ends.release()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    server.start()
    yield server
    with contextlib.suppress(OSError):  # a test has closed it
        server.listener.shutdown(socket.SHUT_RDWR)  # closing alone does not wake who accepts
    server.listener.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Network() as network:
        proxy = network.proxy(echo.port)
        yield proxy
        proxy.refuse()
        proxy.cut()


def _connect(proxy: Proxy) -> socket.socket:
    client = socket.create_connection((HOST, proxy.port), timeout=5)
    client.sendall(b"hello")
    return client


def _answered(client: socket.socket, sent: bytes = b"hello") -> bool:
    got = b""
    while len(got) < len(sent) and (more := client.recv(65536)):
        got += more
    return got == sent


def test_bytes_pass_both_ways_and_so_does_the_end(proxy: Proxy, echo: Echo) -> None:
    with _connect(proxy) as client:
        assert _answered(client)
        much = bytes(range(256)) * 20_000
        sender = threading.Thread(target=client.sendall, args=(much,))
        sender.start()
        assert _answered(client, much)
        sender.join()
    assert echo.ends.acquire(timeout=5)


def test_cut_resets_both_ends(proxy: Proxy, echo: Echo) -> None:
    with _connect(proxy) as client:
        assert _answered(client)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        assert echo.ends.acquire(timeout=5)
    with _connect(proxy) as again:
        assert _answered(again)


def test_refuse_and_heal(proxy: Proxy) -> None:
    with _connect(proxy) as open_before:
        assert _answered(open_before)
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            _connect(proxy)
        open_before.sendall(b"still")
        assert _answered(open_before, b"still")
    proxy.heal()
    with _connect(proxy) as client:
        assert _answered(client)


def test_half_open_connection_says_nothing_more_and_stays_so(proxy: Proxy, echo: Echo) -> None:
    with _connect(proxy) as client:
        assert _answered(client)
        proxy.half_open()
        client.sendall(b"is anybody there?")
        with _connect(proxy) as newcomer:
            assert _answered(newcomer)
        assert echo.ends.acquire(timeout=5)  # the newcomer's
        proxy.heal()
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
    assert echo.ends.acquire(timeout=5)  # a client that gives up is gone at the server, too


def test_half_open_client_does_not_hear_that_the_server_ends(proxy: Proxy, echo: Echo) -> None:
    with _connect(proxy) as client:
        assert _answered(client)
        proxy.half_open()
        [wire] = proxy.wires
        proxy._network.do(wire.far.reset)
        assert echo.ends.acquire(timeout=5)
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_silence_meets_newcomers_too_until_healed(proxy: Proxy) -> None:
    proxy.fall_silent()
    with _connect(proxy) as client:
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
    proxy.heal()
    with _connect(proxy) as client:
        assert _answered(client)


def test_delay_holds_bytes_back_and_keeps_their_order(proxy: Proxy) -> None:
    with _connect(proxy) as client:
        assert _answered(client)
        proxy.slow_down(0.1)
        before_s = time.monotonic()
        client.sendall(b"1")
        assert client.recv(1) == b"1"
        assert time.monotonic() - before_s >= 0.2  # there and back
        client.sendall(b"2" * 1000)
        proxy.heal()
        client.sendall(b"3" * 1000)
        assert _answered(client, b"2" * 1000 + b"3" * 1000)


def test_no_server_behind_it_is_a_reset(proxy: Proxy, echo: Echo) -> None:
    echo.listener.shutdown(socket.SHUT_RDWR)
    echo.listener.close()
    # Already while connecting, or at the first read.
    with pytest.raises(ConnectionResetError), socket.create_connection((HOST, proxy.port), timeout=5) as client:
        client.recv(1)
