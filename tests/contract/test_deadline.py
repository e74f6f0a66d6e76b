"""An API that drips: each byte comes within the read timeout, the whole answer never does."""

from __future__ import annotations

import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress

import pytest

from tests.contract.scripted_server import Request, ScriptedServer
from tests.unit.worker.examples import message_id, put
from worker.chat_api import ChatApi, Endpoint
from worker.deadline import TooLateError
from worker.verdicts import Sent, Unavailable, Verdict

PATIENCE_S = 30.0
LOOKS_EVERY_S = 0.02
HEAD_THAT_NEVER_ENDS = b"H" * 100_000
BODY_THAT_NEVER_ENDS = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def drip(server: ScriptedServer, at_once: bytes, drops: bytes) -> None:
    def script(connection: socket.socket, request: Request | None) -> bool:
        if request is None:
            return True
        try:
            connection.sendall(at_once)
            for drop in drops:
                connection.sendall(bytes([drop]))
                if server.released.wait(LOOKS_EVERY_S):
                    return False
        except OSError:
            return False  # the client has had enough
        return False

    server.script = script


def verdict_when_enforced(api: ChatApi, server: ScriptedServer) -> Verdict:
    with ThreadPoolExecutor(1) as pool:
        sent: Future[Verdict] = pool.submit(api.send, put())
        for _ in range(int(PATIENCE_S / LOOKS_EVERY_S)):
            try:
                return sent.result(LOOKS_EVERY_S)
            except NotYet:
                api.end_overdue()
        server.released.set()  # else its thread would be waited for as long as it drips
    raise AssertionError("the request never ended")


@pytest.mark.parametrize(
    ("at_once", "drops", "verdict"),
    [
        (b"", HEAD_THAT_NEVER_ENDS, Unavailable),
        (BODY_THAT_NEVER_ENDS, b"." * 100_000, Sent),
    ],
    ids=["head", "body"],
)
def test_a_request_ends_when_both_timeouts_together_are_over(
    at_once: bytes, drops: bytes, verdict: type[Verdict]
) -> None:
    with ScriptedServer() as server:
        drip(server, at_once, drops)
        api = ChatApi(Endpoint(server.url, "an-api-key", connect_timeout_s=0.2, read_timeout_s=0.3))
        assert isinstance(verdict_when_enforced(api, server), verdict)


def test_a_request_that_may_no_longer_leave_does_not() -> None:
    with ScriptedServer() as server:
        api = ChatApi(Endpoint(server.url, "an-api-key", connect_timeout_s=0.1, read_timeout_s=10))
        with pytest.raises(TooLateError):
            api.send(put(), time.monotonic() - 0.2)
        assert server.requests == []
        assert api.send(put(), time.monotonic() + 60) == Sent()
        with pytest.raises(TooLateError):  # over the open connection, too
            api.send(put(), time.monotonic() - 0.2)
        assert len(server.requests) == 1


def test_an_answer_may_take_longer_than_a_connection() -> None:
    def late(connection: socket.socket, request: Request | None) -> bool:
        if request is not None:
            server.released.wait(0.4)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True

    with ScriptedServer(late) as server:
        assert (
            ChatApi(Endpoint(server.url, "an-api-key", connect_timeout_s=0.1, read_timeout_s=30)).send(put()) == Sent()
        )


def test_a_request_within_its_time_is_left_alone() -> None:
    with ScriptedServer() as server:
        api = ChatApi(Endpoint(server.url, "an-api-key", connect_timeout_s=10, read_timeout_s=10))
        assert verdict_when_enforced(api, server) == Sent()
        assert api.end_overdue() == 0


def test_every_request_can_be_ended_before_its_time() -> None:
    with ScriptedServer() as server:
        drip(server, b"", HEAD_THAT_NEVER_ENDS)
        api = ChatApi(Endpoint(server.url, "an-api-key", connect_timeout_s=600, read_timeout_s=600))
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(api.send, put())
            ended = 0
            for _ in range(int(PATIENCE_S / LOOKS_EVERY_S)):
                if ended := api.end_all():
                    break
                server.released.wait(LOOKS_EVERY_S)
            server.released.set()  # a request that nothing ended ends now, and the test fails
            assert isinstance(sent.result(PATIENCE_S), Unavailable)
            assert ended == 1


def test_what_was_given_up_does_not_arrive_later() -> None:
    """The kernel goes on sending what a closed connection still holds: an edit would arrive after a later one."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # so that most of the request waits at the sender
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        text = "t" * 100_000
        api = ChatApi(Endpoint(url, "an-api-key", connect_timeout_s=1, read_timeout_s=0.3))
        assert isinstance(api.send(put(text=text, flags="", message_ids=(message_id(1),))), Unavailable)
        connection, _ = listener.accept()
        arrived = 0
        with connection, suppress(ConnectionResetError):
            while some := connection.recv(1 << 16):
                arrived += len(some)
        assert arrived < len(text)
