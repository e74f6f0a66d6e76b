"""The figure of single PUTs, from hand-made rounds, and what a bare socket reads."""

import socket
from contextlib import ExitStack
from functools import partial
from threading import Thread

import pytest

from bench import put
from bench.rounds import Rounds
from worker.plan import Put

ONE = Put("d" * 24, (), "r", "u7", None)


def figure_values(*, node: bool = True) -> dict[str, float]:
    costs = {put.OURS: 600.0, put.SESSION: 1_200.0, put.HTTP_CLIENT: 300.0, put.SOCKET: 75.0}
    if node:
        costs[put.UNDICI] = 400.0
    rounds = Rounds({name: partial(float, cost) for name, cost in costs.items()})
    return {row.name: row.value for row in put.figure_of(100, rounds).rows}


def test_ours_is_compared_with_every_other_client() -> None:
    found = figure_values()
    assert found["our sender / requests.Session"] == 0.5
    assert found["our sender / http.client"] == 2
    assert found["our sender / undici"] == 1.5
    assert found["http.client / undici"] == 0.75
    assert found["our sender"] == 600


def test_without_node_the_others_are_compared() -> None:
    assert not [name for name in figure_values(node=False) if "undici" in name]


def test_a_put_that_is_not_accepted_makes_the_turn_worthless() -> None:
    with pytest.raises(RuntimeError, match=r"expected the status 200 alone, got \[200, 429\]"):
        put._turn(lambda one: 200 if one is ONE else 429, [ONE, Put("e" * 24, (), "r", "u7", None)])()


@pytest.fixture
def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def answered(listening: socket.socket, *pieces: bytes, calls: int = 1) -> tuple[list[int], bytes]:
    """What a bare socket makes of answers in these pieces, and what it has asked the last time."""
    asked = bytearray()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(calls):
                asked.clear()
                while not asked.endswith(b"}"):
                    asked.extend(connection.recv(65_536))
                for piece in pieces:
                    connection.sendall(piece)

    server = Thread(target=serve, daemon=True)
    server.start()
    with listening, ExitStack() as ends:
        send = put._socket(ends, f"http://127.0.0.1:{listening.getsockname()[1]}", [ONE])
        statuses = [send(ONE) for _ in range(calls)]
        server.join(10)
    return statuses, bytes(asked)


def test_a_bare_socket_asks_as_the_others_do_and_reads_an_answer_in_pieces(listening: socket.socket) -> None:
    answer = b"HTTP/1.1 20", b"0 OK\r\ncontent-length: 4\r\n\r\n{", b" }\n"
    statuses, asked = answered(listening, *answer, calls=3)
    assert statuses == [200, 200, 200]
    head, _, body = asked.partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /chat/Message.json HTTP/1.1\r\n")
    assert b"On-Behalf-Of: 7" in head
    assert body == b'{"chat_dialog_id": "dddddddddddddddddddddddd", "read": "1"}'


def test_an_answer_that_ends_in_its_middle_is_an_error(listening: socket.socket) -> None:
    with pytest.raises(ConnectionError, match="in the middle of an answer"):
        answered(listening, b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n{")
