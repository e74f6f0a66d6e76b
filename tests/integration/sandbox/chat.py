"""A caller of the chat API, and the little world it calls about."""

import json
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from subprocess import PIPE, Popen
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

API_KEY = "sandbox-api-key"
SENDER, READER, OTHER, STRANGER = 101, 102, 103, 999
DIALOG, FOREIGN_DIALOG, UNKNOWN = "53a99a7be4b094c7c6d31b41", "53a99a7be4b094c7c6d31b42", "f" * 24
FIRST, SECOND, LAST, FOREIGN = (f"53aabe15e4b077ddd43e7fd{n}" for n in range(4))
ALL = f"{FIRST},{SECOND},{LAST}"
END_S = 15.0

WORLD: dict[str, list[Any]] = {
    "users": [SENDER, READER, OTHER],
    "dialogs": [
        {"_id": DIALOG, "type": 2, "occupants_ids": [SENDER, READER, OTHER], "name": "talk"},
        {"_id": FOREIGN_DIALOG, "type": 3, "occupants_ids": [SENDER, OTHER]},
    ],
    "messages": [
        {"_id": FIRST, "chat_dialog_id": DIALOG, "sender_id": SENDER, "message": "one", "date_sent": 1_400_000_001},
        {"_id": SECOND, "chat_dialog_id": DIALOG, "sender_id": SENDER, "message": "two", "date_sent": 1_400_000_002},
        {"_id": LAST, "chat_dialog_id": DIALOG, "sender_id": SENDER, "message": "three", "date_sent": 1_400_000_003},
        {
            "_id": FOREIGN,
            "chat_dialog_id": FOREIGN_DIALOG,
            "sender_id": OTHER,
            "message": "x",
            "date_sent": 1_400_000_004,
        },
    ],
}


def by_key(user_id: int = READER, key: str = API_KEY) -> dict[str, str]:
    return {"Authorization": f"ApiKey {key}", "On-Behalf-Of": str(user_id)}


def by_token(token: str) -> dict[str, str]:
    return {"QB-Token": token}


class Chat:
    """Calls the chat API over HTTP, as the reader unless other credentials are given."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: Mapping[str, str] | None = None,
        form: bool = False,
        raw: bytes | None = None,
    ) -> requests.Response:
        headers = dict(by_key() if who is None else who)
        headers["Content-Type"] = "application/x-www-form-urlencoded" if form else "application/json"
        if raw is None and body is not None:
            raw = (urlencode(body) if form else json.dumps(body)).encode()
        return self._http.request(method, self.base_url + path, data=raw, headers=headers, timeout=END_S)

    def put(self, ids: str = "", *, who: Mapping[str, str] | None = None, form: bool = False, **fields: Any) -> Any:
        path = f"/chat/Message/{ids}.json" if ids else "/chat/Message.json"
        return self.call("PUT", path, {"chat_dialog_id": DIALOG} | fields, who=who, form=form)

    def get(self, path: str, *, who: Mapping[str, str] | None = None) -> requests.Response:
        return self.call("GET", path, who=who)

    def sent(self, ids: str = "", **fields: Any) -> socket.socket:
        """Send a PUT over a connection of its own and return the connection without waiting for the answer."""
        body = json.dumps({"chat_dialog_id": DIALOG} | fields)
        lines = [f"PUT /chat/Message{'/' + ids if ids else ''}.json HTTP/1.1", "Host: sandbox"]
        lines += [f"{name}: {value}" for name, value in by_key().items()]
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", body]
        return self._line("\r\n".join(lines))

    def asked(self, path: str) -> socket.socket:
        """Send a GET over a connection of its own that the server closes after its answer; return the connection."""
        return self._line(f"GET {path} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n")

    def _line(self, text: str) -> socket.socket:
        place = urlsplit(self.base_url)
        connection = socket.create_connection((str(place.hostname), int(place.port or 0)), END_S)
        connection.sendall(text.encode())
        return connection


@contextmanager
def server(*options: str) -> Iterator[tuple[Popen[str], str]]:
    """Start a sandbox on a free port, yield its process and base URL, and end it by its pid."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    with Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("sandbox listens on http://127.0.0.1:"), line
            yield process, line.split()[-1]
        finally:
            process.terminate()
            process.wait(END_S)
