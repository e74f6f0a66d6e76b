"""`put`: what one PUT costs who sends it, and nothing else: the floor of every sender, by client.

The same PUTs to the same sandbox over connections that are kept, by turns, in processor time of the sender's process:
our sender, `requests.Session`, urllib3 (below requests), http.client (below urllib3), a bare socket with bytes made
beforehand, and undici in Node, which BullMQ's worker in `cpu` sends by. In Python one call after the other; undici has
as many under way as in `cpu`. What `cpu` measures beside BullMQ cannot be less than the PUTs in it.
"""

import http.client
import json
import math
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from urllib.parse import urlsplit

import requests
import urllib3

from bench.bullmq.installation import MissingError
from bench.bullmq.program import Program
from bench.drain import build_slots, marks_of
from bench.figure import Figure
from bench.options import Options
from bench.peers.starting import CALLS_AT_ONCE
from bench.rounds import Rounds
from bench.running import API_KEY, running
from worker.chat_api import ChatApi, Endpoint
from worker.plan import Put
from worker.verdicts import Sent

PUTS = 1_000
TIMEOUT_S = 10.0
OURS, SESSION, URLLIB3, HTTP_CLIENT, SOCKET, UNDICI = (
    "our sender",
    "requests.Session",
    "urllib3",
    "http.client",
    "a bare socket",
    "undici",
)
_HEAD_ENDS, _ACCEPTED = b"\r\n\r\n", 200

Send = Callable[[Put], int]
Side = Callable[[], float]


def measure(options: Options) -> Figure:
    """Send the same PUTs by every client in turns."""
    with running() as system, ExitStack() as ends:
        marks = marks_of(options.receipts or PUTS)
        build_slots(system.api, marks)
        puts = [Put(mark.dialog_id, (), "r", f"u{mark.user_id}", None) for mark in marks]
        sides: dict[str, Side] = {
            name: _turn(send, puts) for name, send in _senders(ends, system.api_url, puts).items()
        }
        missing = ""
        try:
            sides[UNDICI] = _undici(ends, system.api_url, puts)
        except MissingError as error:
            missing = str(error)
        rounds = Rounds(sides)
        figure = figure_of(len(puts), rounds)
        figure.notes += [missing] if missing else []
        expected = len(puts) * sum(1 + len(values) for values in rounds.values.values())
        applied = system.api.counts()["applied"]
        figure.demand(applied == expected, f"{expected:,} PUTs were to be sent, {applied:,} were carried out")
        return figure


def figure_of(puts: int, rounds: Rounds) -> Figure:
    """The figure for the microseconds a PUT of each side."""
    figure = Figure(f"{puts:,} PUTs a turn over kept connections; processor time of the sender's process")
    for other in (name for name in rounds.values if name != OURS):
        figure.compare(f"{OURS} / {other}", rounds.ratio(OURS, other))
    if UNDICI in rounds.values:
        figure.compare(f"{HTTP_CLIENT} / {UNDICI}", rounds.ratio(HTTP_CLIENT, UNDICI), note="nothing of ours in it")
        figure.compare(f"{SOCKET} / {UNDICI}", rounds.ratio(SOCKET, UNDICI), note="no HTTP in it at all")
    for name in rounds.values:
        figure.add(name, round(rounds.of(name).median), "µs", note=f"a PUT; {rounds.of(name).text}")
    return figure


def _turn(send: Send, puts: Sequence[Put]) -> Side:
    def turn() -> float:
        began_s = time.process_time()
        statuses = {send(put) for put in puts}
        took_s = time.process_time() - began_s
        if statuses != {_ACCEPTED}:
            raise RuntimeError(f"expected the status {_ACCEPTED} alone, got {sorted(statuses)}")
        return 1e6 * took_s / len(puts)

    return turn


def _senders(ends: ExitStack, api_url: str, puts: Sequence[Put]) -> Mapping[str, Send]:
    return {
        OURS: _ours(api_url),
        SESSION: _session(ends, api_url),
        URLLIB3: _urllib3(ends, api_url),
        HTTP_CLIENT: _http_client(ends, api_url),
        SOCKET: _socket(ends, api_url, puts),
    }


def _headers(put: Put) -> dict[str, str]:
    return {"Content-Type": "application/json", "Authorization": f"ApiKey {API_KEY}", "On-Behalf-Of": put.actor[1:]}


def _ours(api_url: str) -> Send:
    api = ChatApi(Endpoint(api_url, API_KEY, TIMEOUT_S, TIMEOUT_S))

    def send(put: Put) -> int:
        verdict = api.send(put, math.inf)
        return (verdict.status or 0) if isinstance(verdict, Sent) else 0

    return send


def _session(ends: ExitStack, api_url: str) -> Send:
    session = ends.enter_context(requests.Session())
    session.trust_env = False  # a third faster than with requests' default

    def send(put: Put) -> int:
        return session.put(api_url + put.path, json=put.body, headers=_headers(put), timeout=TIMEOUT_S).status_code

    return send


def _urllib3(ends: ExitStack, api_url: str) -> Send:
    pool = ends.enter_context(urllib3.connection_from_url(api_url, maxsize=1))

    def send(put: Put) -> int:
        body = json.dumps(put.body).encode()
        return pool.request("PUT", put.path, body=body, headers=_headers(put), timeout=TIMEOUT_S, retries=False).status

    return send


def _http_client(ends: ExitStack, api_url: str) -> Send:
    connection = http.client.HTTPConnection(urlsplit(api_url).netloc, timeout=TIMEOUT_S)
    ends.callback(connection.close)

    def send(put: Put) -> int:
        connection.request("PUT", put.path, json.dumps(put.body).encode(), _headers(put))
        answer = connection.getresponse()
        answer.read()
        return answer.status

    return send


def _socket(ends: ExitStack, api_url: str, puts: Sequence[Put]) -> Send:
    address = urlsplit(api_url)
    connection = ends.enter_context(socket.create_connection((address.hostname or "", address.port or 80), TIMEOUT_S))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    written = {put: _bytes_of(put, address.netloc) for put in puts}

    def send(put: Put) -> int:
        connection.sendall(written[put])
        came = b""
        while _HEAD_ENDS not in came:
            came += _received(connection)
        head, _, body = came.partition(_HEAD_ENDS)
        left = _length_said_by(head) - len(body)
        while left > 0:
            left -= len(_received(connection))
        return int(head.split(b" ", 2)[1])

    return send


def _received(connection: socket.socket) -> bytes:
    came = connection.recv(65_536)
    if not came:
        raise ConnectionError("the sandbox closed the connection in the middle of an answer")
    return came


def _length_said_by(head: bytes) -> int:
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return int(lengths[0])


def _bytes_of(put: Put, host: str) -> bytes:
    body = json.dumps(put.body).encode()
    headers = {"Host": host, **_headers(put), "Content-Length": str(len(body))}
    lines = [f"PUT {put.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def _undici(ends: ExitStack, api_url: str, puts: Sequence[Put]) -> Side:
    program = ends.enter_context(Program("puts.js", api_url, API_KEY, str(CALLS_AT_ONCE)))
    receipts = [{"kind": "read", "dialog": put.dialog_id, "user": int(put.actor[1:])} for put in puts]
    return lambda: 1e6 * float(program.ask("put", receipts=receipts)["cpu_s"]) / len(puts)
