"""QuickBlox' own JavaScript client, lent by `driver.js`: a call goes in, what its callback was told comes out."""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from stack.services import environment

HERE = Path(__file__).absolute().parent
PATIENCE_S = 30.0


class MissingError(Exception):
    """The client is not on this machine; the text says what to do."""


class SdkError(Exception):
    """What the client told its callback as an error.

    Attributes:
        code: The HTTP status; None where the client gives none.
        said: The answer's body, as far as the client has read it: a document, or text.
    """

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(json.dumps(error))
        self.code = error.get("code")
        self.said = error.get("message")


@dataclass(frozen=True)
class Application:
    """Whose sessions the client opens."""

    id: int = 1
    auth_key: str = "sandbox-auth-key"
    auth_secret: str = "sandbox-auth-secret"


APPLICATION = Application()  # the sandbox's
PASSWORD = "secret"


class Sdk:
    """One process with the client; leaving the block ends it.

    Args:
        address: The API's host and port.
        ca_file: The authority of the API's certificate; None speaks without TLS.

    Attributes:
        version: The client's.
        session_ends: When the client takes the session of its last answer to end: a minute early, ISO.
    """

    def __init__(self, address: str, ca_file: Path | None = None, application: Application = APPLICATION) -> None:
        app = [application.id, application.auth_key, application.auth_secret]
        options = json.dumps({"address": address, "tls": ca_file is not None, "app": app})
        trusted = {} if ca_file is None else {"NODE_EXTRA_CA_CERTS": str(ca_file)}
        self._node = subprocess.Popen(
            ["node", "driver.js", options],
            cwd=HERE,
            env=environment(trusted),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the client's chatter; what counts comes back as an error
            text=True,
        )
        self._ids = itertools.count(1)
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="sdk", daemon=True)
        self._reader.start()
        self.session_ends = ""
        self.version = str(self._next()["ready"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.close()  # the driver's word to end
        try:
            self._node.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._node.kill()
            self._node.wait()
        self._reader.join()
        self._node.stdout.close()

    def user(self, who: str) -> SdkUser:
        """A client of its own, which has no session yet."""
        return SdkUser(self, who)

    def call(self, who: str, name: str, args: tuple[object, ...]) -> Any:
        """Call a function of somebody's client, and answer what its callback got; raises SdkError."""
        assert self._node.stdin is not None
        asked = next(self._ids)
        self._node.stdin.write(json.dumps({"id": asked, "who": who, "call": name, "args": args}) + "\n")
        self._node.stdin.flush()
        told = self._next()
        assert told["id"] == asked, told
        if told["error"] is not None:
            raise SdkError(told["error"])
        self.session_ends = told["session_ends"]
        return told["answer"]

    def _read(self) -> None:
        assert self._node.stdout is not None
        for line in self._node.stdout:
            self._answers.put(json.loads(line))
        self._answers.put(None)

    def _next(self) -> dict[str, Any]:
        try:
            told = self._answers.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise AssertionError(f"the client has not called back within {PATIENCE_S:g} s") from None
        assert told is not None, "the client's process has ended"
        return told


class SdkUser:
    """One user's client."""

    def __init__(self, sdk: Sdk, who: str) -> None:
        self._sdk, self._who = sdk, who
        self.id = 0

    def __call__(self, name: str, *args: object) -> Any:
        """`ann("chat.dialog.create", {…})` is `QB.chat.dialog.create({…}, callback)` in ann's client."""
        return self._sdk.call(self._who, name, args)

    def log_in(self, password: str = PASSWORD) -> Self:
        """Open a session by the user's login, as the client's own examples do."""
        session = self("createSession", {"login": self._who, "password": password})
        self.id = int(session["user_id"])
        return self

    def say(self, dialog: str, text: str) -> Any:
        """Create a message; answers it."""
        return self("chat.message.create", {"chat_dialog_id": dialog, "message": text})

    def look(self, dialog: str) -> dict[str, Any]:
        """A dialog's messages by id, in their order; nothing is marked by this."""
        page = self("chat.message.list", {"chat_dialog_id": dialog, "mark_as_read": 0})
        return {item["_id"]: item for item in page["items"]}

    def unread(self, dialog: str) -> int:
        """How many of a dialog's messages the user has not read."""
        return int(self("chat.message.unreadCount", {"chat_dialog_ids": [dialog]})[dialog])


def check() -> None:
    """Nothing where the client can be run.

    Raises:
        MissingError: Node is missing, or the client is not installed as package.json pins it.
    """
    if not any((Path(place) / "node").exists() for place in os.get_exec_path()):
        raise MissingError("the official client needs node (20 or newer) and npm on the PATH; on Debian: nodejs, npm")
    pinned = json.loads((HERE / "package.json").read_text())["dependencies"]["quickblox"]
    manifest = HERE / "node_modules" / "quickblox" / "package.json"
    if not manifest.exists() or json.loads(manifest.read_text())["version"] != pinned:
        raise MissingError(f"quickblox {pinned} is not installed in tests/contract/sdk; make test-contract does it")
