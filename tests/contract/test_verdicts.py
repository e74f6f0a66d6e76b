"""Answers, and the want of one, over real sockets: each ends as the documented verdict and nothing is raised."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.contract.scripted_server import OK_EMPTY, Request, ScriptedServer, answers, reset
from tests.running import until
from worker.chat_api import ChatApi, Endpoint
from worker.plan import Put
from worker.verdicts import Rejected, Sent, Throttled, Unauthorized, Unavailable, Verdict

DIALOG = "53a99a7be4b094c7c6d31b41"
MESSAGE = "53aabe15e4b077ddd43e7fd3"
TOKEN = "eddf864695d72d33b959eec2ae6c640d817dfada"
BY_KEY = Put(DIALOG, (), "r", "u123", None)
BY_TOKEN = Put(DIALOG, (), "r", "s123", TOKEN)
EDIT = Put(DIALOG, (MESSAGE,), "", "u123", None, "a private text")

REASONS = {200: "OK", 204: "No Content", 302: "Found", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests"}


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def api_of(url: str, *, key: str | None = "an-api-key", read_timeout_s: float = 10.0) -> ChatApi:
    return ChatApi(Endpoint(url, key, connect_timeout_s=10.0, read_timeout_s=read_timeout_s))


def verdict_of(server: ScriptedServer, raw: bytes, put: Put = BY_KEY) -> Verdict:
    server.script = answers(raw)
    return api_of(server.url).send(put)


# Sent -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        answer(200),
        answer(200, b"null", "Content-Type: application/json"),
        answer(200, b" "),
        answer(200, b'{"errors":["a 200 is never parsed"]}'),
        answer(200, b"\xff\xfe", "Content-Type: application/json; charset=utf-8"),
        answer(201, b"{}"),
        answer(202),
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnull\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK_EMPTY,
    ],
    ids=["empty", "null", "space", "JSON", "not UTF-8", "201", "202", "204", "chunked", "after 100"],
)
def test_every_2xx_is_sent(server: ScriptedServer, raw: bytes) -> None:
    assert verdict_of(server, raw) == Sent()


# Rejected, Unauthorized -----------------------------------------------------------------------------------------

PERMISSIONS = b'{"errors":["You don\'t have appropriate permissions to perform this operation"]}'
DOCUMENTED = [
    (400, b'{"errors":["Bad request"]}', "Bad request"),
    (403, PERMISSIONS, "You don't have appropriate permissions to perform this operation"),
    (404, b'{"errors":["The resource wasn\'t found"]}', "The resource wasn't found"),
    (404, b'{"code":null,"message":"Entity was not found."}', "Entity was not found."),
    (422, b'{"errors":{"base":["Forbidden. Need user."]}}', "Forbidden. Need user."),
    (422, b'{"errors":{"chat_dialog_id":["is invalid"]}}', "chat_dialog_id: is invalid"),
    (400, b"", ""),
    (405, b"<html>no</html>", "<html>no</html>"),
    (413, b"too large", "too large"),
    (422, b"\xff", "\ufffd"),
    (499, b"", ""),
]


@pytest.mark.parametrize(("status", "body", "words"), DOCUMENTED)
def test_other_4xx_are_rejected_with_the_apis_words(
    server: ScriptedServer, status: int, body: bytes, words: str
) -> None:
    verdict = verdict_of(server, answer(status, body, "X-Request-Id: 9e3c"))
    assert verdict == Rejected(status, words, "9e3c")


def test_what_was_sent_is_struck_out_of_the_words(server: ScriptedServer) -> None:
    body = b'{"errors":["\'a private text\' for an-api-key is too long"]}'
    assert verdict_of(server, answer(422, body), EDIT) == Rejected(
        422, "'[struck out]' for [struck out] is too long", ""
    )
    assert verdict_of(server, answer(422, TOKEN.encode()), BY_TOKEN) == Rejected(422, "[struck out]", "")


def test_a_long_answer_is_read_to_its_beginning_alone(server: ScriptedServer) -> None:
    verdict = verdict_of(server, answer(404, b"x" * 300_000, "X-Request-Id: " + "y" * 5000))
    assert verdict == Rejected(404, "x" * 500, "y" * 200)


@pytest.mark.parametrize(
    "body", [b'{"errors":{"base":["Required session does not exist"]}}', b'{"errors":["Unauthorized"]}', b""]
)
def test_401_says_whose_credentials_were_refused(server: ScriptedServer, body: bytes) -> None:
    assert verdict_of(server, answer(401, body), BY_TOKEN) == Unauthorized("the session token was refused")
    assert verdict_of(server, answer(401, body), BY_KEY) == Unauthorized("the API key was refused")


@pytest.mark.parametrize("put", [BY_KEY, EDIT])
def test_without_a_key_nothing_is_sent(server: ScriptedServer, put: Put) -> None:
    verdict = api_of(server.url, key=None).send(put)
    assert isinstance(verdict, Unauthorized)
    assert verdict.configured is False
    assert server.accepted == 0


def test_a_session_that_lost_its_token_is_not_sent_with_the_key(server: ScriptedServer) -> None:
    for actor in ("s123", "t0123456789abcdef"):
        verdict = api_of(server.url).send(Put(DIALOG, (), "r", actor, None))
        assert isinstance(verdict, Unauthorized)
    assert server.accepted == 0


# Throttled ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ([], None),
        (["Retry-After: 7"], 7),
        (["Retry-After: 0"], 0),
        (["Retry-After: Thu, 01 Jan 1970 00:00:00 GMT"], 0),
        (["Retry-After: soon"], None),
        (["Retry-After: -1"], None),
        (["Retry-After: " + "9" * 3000], 999_999_999_999),
        (["Retry-After: Sun, 01 Mar 99999999999999999999 12:00:00 GMT"], None),
        (["Retry-After: \xb2"], None),
        (["Retry-After:"], None),
        (["Retry-After: 3", "Retry-After: 4"], None),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>429</html>"])
def test_429_is_throttled_with_the_time_that_was_asked(
    server: ScriptedServer, headers: list[str], wait_s: float | None, body: bytes
) -> None:
    assert verdict_of(server, answer(429, body, *headers)) == Throttled(wait_s)


def test_a_date_is_a_distance_from_now(server: ScriptedServer) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    verdict = verdict_of(server, answer(429, b"", f"Retry-After: {at}"))
    assert isinstance(verdict, Throttled)
    assert verdict.retry_after_s is not None
    assert 3600 - 60 < verdict.retry_after_s <= 3600


# Unavailable: an answer that says nothing about the PUT -------------------------------------------------------


@pytest.mark.parametrize("status", [301, 304, 308, 408, 500, 502, 503, 504, 599, 600, 999])
def test_5xx_3xx_and_408_are_unavailable(server: ScriptedServer, status: int) -> None:
    assert verdict_of(server, answer(status, b"")) == Unavailable(f"status {status}", in_doubt=status >= 400)


def test_an_outage_may_ask_for_a_time(server: ScriptedServer) -> None:
    raw = answer(503, b"<html>maintenance</html>", "Retry-After: 120")
    assert verdict_of(server, raw) == Unavailable("status 503", 120)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["{url}/elsewhere", "/elsewhere", "http://[", "http://\xff/", "//", "", "file:///etc/passwd"]
)
def test_a_redirect_is_not_followed_wherever_it_points(server: ScriptedServer, status: int, location: str) -> None:
    raw = answer(status, b"moved", f"Location: {location.format(url=server.url)}")
    assert verdict_of(server, raw, BY_TOKEN) == Unavailable(f"status {status}", in_doubt=False)
    assert [request.path for request in server.requests] == ["/chat/Message.json"]


# Unavailable: no answer -----------------------------------------------------------------------------------------


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert api_of(f"http://127.0.0.1:{port}").send(BY_KEY) == Unavailable("no answer: ConnectionError", in_doubt=False)


def test_a_host_that_cannot_have_an_address() -> None:
    verdict = api_of(f"http://{'x' * 64}.invalid").send(BY_KEY)  # a label has at most 63 characters
    assert isinstance(verdict, Unavailable)


def test_a_server_that_hangs(server: ScriptedServer) -> None:
    server.script = server.hang
    assert api_of(server.url, read_timeout_s=0.05).send(BY_KEY) == Unavailable("no answer: ReadTimeout")
    until(lambda: len(server.requests) == 1, "the server has read it")


def test_a_connection_that_is_not_accepted_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        queue = _fill(listener)
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            api = ChatApi(Endpoint(url, "an-api-key", connect_timeout_s=0.05, read_timeout_s=10.0))
            assert api.send(BY_KEY) == Unavailable("no answer: ConnectTimeout", in_doubt=False)
        finally:
            for each in queue:
                each.close()


def _fill(listener: socket.socket) -> list[socket.socket]:
    """Connections that nobody accepts, until the kernel lets no more wait."""
    queue: list[socket.socket] = []
    while len(queue) < 300:
        each = socket.socket()
        queue.append(each)
        each.settimeout(0.2)
        try:
            each.connect(listener.getsockname())
        except TimeoutError:
            return queue
    pytest.skip("this kernel lets connections wait without end")


def _resets_at_once(connection: socket.socket, request: Request | None) -> bool:
    reset(connection)
    return request is not None


def _resets_after_the_request(connection: socket.socket, request: Request | None) -> bool:
    if request is not None:
        reset(connection)
    return request is None


def _closes_after_the_request(_connection: socket.socket, request: Request | None) -> bool:
    return request is None


@pytest.mark.parametrize("script", [_resets_at_once, _resets_after_the_request, _closes_after_the_request])
def test_a_connection_that_is_cut_before_an_answer(server: ScriptedServer, script: object) -> None:
    server.script = script  # type: ignore[assignment]
    verdict = api_of(server.url).send(BY_KEY)
    assert isinstance(verdict, Unavailable)
    assert verdict.reason == "no answer: ConnectionError"
    # Whether a connection that is reset at once was ever open is a matter of microseconds.
    assert verdict.in_doubt or script is _resets_at_once


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 soon OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 " + b"y" * 70_000 + b"\r\n\r\n",
        b"\r\n",
        b"\x00" * 100,
    ],
)
def test_garbage_is_no_answer(server: ScriptedServer, garbage: bytes) -> None:
    def script(connection: socket.socket, request: Request | None) -> bool:
        if request is not None:
            connection.sendall(garbage)
        return request is None

    server.script = script
    verdict = api_of(server.url).send(BY_KEY)
    if garbage.endswith(b"Content-Length"):
        assert verdict == Sent(), "the status line came whole, and a 200 is never parsed"
    else:
        assert isinstance(verdict, Unavailable)
        assert verdict.reason.startswith("no answer: ")


# A body that does not come as promised: the status has come and decides -----------------------------------------

BROKEN_BODIES = {
    "cut": "Content-Length: 100\r\n\r\nhalf",
    "cut chunk": "Transfer-Encoding: chunked\r\n\r\n64\r\nhalf",
    "no chunk": "Transfer-Encoding: chunked\r\n\r\nhello\r\n",
    "not gzip": "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf",
    "not deflate": "Content-Encoding: deflate\r\nContent-Length: 4\r\n\r\nhalf",
    "no length": "\r\nhalf",
}
BY_STATUS: list[tuple[int, type[Verdict]]] = [
    (200, Sent),
    (401, Unauthorized),
    (404, Rejected),
    (429, Throttled),
    (503, Unavailable),
]


@pytest.mark.parametrize("rest", BROKEN_BODIES.values(), ids=BROKEN_BODIES.keys())
@pytest.mark.parametrize(("status", "kind"), BY_STATUS)
def test_a_broken_body_does_not_hide_the_status(
    server: ScriptedServer, status: int, kind: type[Verdict], rest: str
) -> None:
    def script(connection: socket.socket, request: Request | None) -> bool:
        if request is not None:
            connection.sendall(f"HTTP/1.1 {status} Status\r\n{rest}".encode())
        return request is None

    server.script = script
    assert isinstance(api_of(server.url).send(BY_KEY), kind)


@pytest.mark.parametrize(("status", "kind"), BY_STATUS)
def test_a_body_that_never_comes_does_not_hide_the_status(
    server: ScriptedServer, status: int, kind: type[Verdict]
) -> None:
    def script(connection: socket.socket, request: Request | None) -> bool:
        if request is None:
            return True
        connection.sendall(f"HTTP/1.1 {status} Status\r\nContent-Length: 100\r\n\r\nhalf".encode())
        return server.hang(connection, request)

    server.script = script
    assert isinstance(api_of(server.url, read_timeout_s=0.5).send(BY_KEY), kind)


def test_after_any_trouble_the_next_put_gets_through(server: ScriptedServer) -> None:
    api = api_of(server.url, read_timeout_s=1)
    half_a_body = answers(b"HTTP/1.1 503 Status\r\nContent-Length: 100\r\n\r\nhalf")
    garbage = answers(b"garbage\r\n\r\n")
    troubles = [_resets_after_the_request, _closes_after_the_request, server.hang, garbage, half_a_body]
    for trouble in troubles:
        server.script = trouble
        assert isinstance(api.send(BY_KEY), Unavailable)
        server.script = answers(OK_EMPTY)
        assert api.send(BY_KEY) == Sent()


# Connections ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        OK_EMPTY,
        answer(200, b"null"),
        answer(404, b'{"errors":["The resource wasn\'t found"]}'),
        answer(429, b"<html>429</html>"),
        answer(503, b"x" * 2000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnull\r\n0\r\n\r\n",
    ],
    ids=["empty", "null", "404", "429", "503", "chunked"],
)
def test_sequential_puts_share_one_connection(server: ScriptedServer, raw: bytes) -> None:
    server.script = answers(raw)
    api = api_of(server.url)
    for _ in range(5):
        api.send(BY_KEY)
    assert (len(server.requests), server.accepted) == (5, 1)


def test_a_server_that_closes_gets_a_new_connection_and_no_put_is_lost(server: ScriptedServer) -> None:
    def script(connection: socket.socket, request: Request | None) -> bool:
        if request is not None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return request is None

    server.script = script
    api = api_of(server.url)
    assert [api.send(BY_KEY) for _ in range(3)] == [Sent()] * 3
    assert server.accepted == 3


def test_threads_send_side_by_side_each_over_its_own_connection(server: ScriptedServer) -> None:
    together = threading.Barrier(4)

    def script(connection: socket.socket, request: Request | None) -> bool:
        if request is not None:
            together.wait(30)
            connection.sendall(OK_EMPTY)
        return True

    server.script = script
    api = api_of(server.url)
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(api.send, [BY_KEY] * 8))
    assert verdicts == [Sent()] * 8
    assert server.accepted == 4


def test_no_secret_shows_in_a_clients_representation() -> None:
    endpoint = Endpoint("http://127.0.0.1:1", "an-api-key", 1.0, 1.0)
    assert "an-api-key" not in repr(endpoint) + repr(ChatApi(endpoint))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(405, Rejected), (409, Rejected), (410, Rejected), (413, Rejected), (408, Unavailable), (501, Unavailable)],
)
def test_a_status_that_is_not_documented_has_a_verdict_all_the_same(
    server: ScriptedServer, status: int, kind: type[Verdict]
) -> None:
    server.script = answers(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
    assert isinstance(api_of(server.url).send(BY_KEY), kind)
