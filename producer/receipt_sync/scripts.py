"""Lua scripts on Redis: loaded from files, called by digest, sent again when a server does not know them."""

from __future__ import annotations

import hashlib
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import redis


def shared_source() -> str:
    """What every script of the ledger starts with: a slot's fields and accounts, the join, when it is due, tokens."""
    return "".join((_here() / f"{name}.lua").read_text(encoding="utf-8") for name in ("slot", "join", "due", "tokens"))


def record_source() -> str:
    """The whole text of the record script."""
    return shared_source() + (_here() / "record.lua").read_text(encoding="utf-8")


def _here() -> Traversable:
    return resources.files("receipt_sync") / "lua"


class Script:
    """One script. `EVALSHA` first; a server that has been restarted or promoted is sent the text again."""

    __slots__ = ("digest", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self.digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def call(self, client: redis.Redis, prefix: str, *arguments: str | int | bytes) -> Any:
        """Runs it on the application whose keys start with `prefix`.

        Raises:
            redis.RedisError: the server was not reached or refused.
        """
        try:
            return client.evalsha(self.digest, 1, prefix, *arguments)
        except redis.exceptions.NoScriptError:
            return client.eval(self.source, 1, prefix, *arguments)
