"""What these tests play with: sessions as workers hold them, an API that answers as it is told, and Redis' own view.

Nobody waits here for time to pass: the times that stand in Redis are moved instead.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import redis

from receipt_sync import TokenSeal
from tests.contract.scripted_server import OK_EMPTY, Request, ScriptedServer, answers
from worker.chat_api import ChatApi, Endpoint
from worker.plan import Put
from worker.service_session import ServiceSession
from worker.session_store import SessionStore, digest_of
from worker.signing import Credentials

KEY, LOCK = "rs:{default}:session", "rs:{default}:session:lock"
ANN = Credentials("1", "sandbox-auth-key", "sandbox-auth-secret", "ann@example.com", "hunter2 pässwörd")
USER, OTHER = 123, 7
LOCK_MS, HOLD_S = 20_000, 30.0
DIALOG = "53a99a7be4b094c7c6d31b41"
PUT = Put(DIALOG, (), "r", f"u{USER}", None)


def session_of(
    client: redis.Redis,
    url: str,
    *,
    who: Credentials = ANN,
    read_timeout_s: float = 10.0,
    seal: TokenSeal | None = None,
) -> ServiceSession:
    """A worker's own view of the session."""
    api = ChatApi(Endpoint(url, None, connect_timeout_s=10.0, read_timeout_s=read_timeout_s))
    store = SessionStore(client, "default", of=digest_of(who, url), lock_ms=LOCK_MS, seal=seal)
    return ServiceSession("default", api, store, who, refused_hold_s=HOLD_S)


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """An answer's bytes."""
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def opened(name: str = "token-1", user_id: Any = USER, *headers: str) -> bytes:
    """The answer that brings a session, with a token of this name."""
    return answer(201, json.dumps({"session": {"token": name, "user_id": user_id}}).encode(), *headers)


class Stage:
    """One Redis, one scripted API."""

    def __init__(self, client: redis.Redis, server: ScriptedServer) -> None:
        self.redis: Any = client
        self.server = server
        self.script()
        self.session = self.worker()

    def worker(self, **more: Any) -> ServiceSession:
        """One more worker."""
        return session_of(self.redis, self.server.url, **more)

    def script(
        self,
        *logins: bytes,
        puts: tuple[bytes, ...] = (OK_EMPTY,),
        before: Callable[[Request], object] = lambda _: None,
    ) -> None:
        """What logins and PUTs are answered from now on, each the next, the last for ever."""
        by_method = {"POST": answers(*(logins or (opened(),))), "PUT": answers(*puts)}

        def script(connection: socket.socket, request: Request | None) -> bool:
            if request is None:
                return True
            before(request)
            return by_method[request.method](connection, request)

        self.server.script = script

    def seen(self, method: str) -> list[Request]:
        """The API's view of what has come."""
        return [request for request in self.server.requests if request.method == method]

    def logins(self) -> list[dict[str, Any]]:
        """The bodies of every login."""
        return [json.loads(request.body) for request in self.seen("POST")]

    def tokens(self) -> list[str | None]:
        """What the PUTs came with."""
        return [request.header("QB-Token") for request in self.seen("PUT")]

    def stored(self, field: str) -> str | None:
        """A field of the session in Redis."""
        value = self.redis.hget(KEY, field)
        return None if value is None else value.decode()

    def now_ms(self) -> int:
        """Redis' clock."""
        seconds, micros = self.redis.time()
        return int(seconds) * 1000 + int(micros) // 1000

    def pass_(self, field: str) -> None:
        """Lets the moment pass that a field speaks of."""
        self.redis.hset(KEY, field, self.now_ms() - 1)
