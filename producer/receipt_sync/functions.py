"""The ledger's functions on Redis: a library of Lua, loaded once per server, each called by its name.

A library is compiled once and lives on in the server, where a script is run from its first line by every call: that
costs a few microseconds instead of a hundred (docs/decisions/0021-functions.md). What a server has not got, it is
given; a Redis that cannot take a library (older than 7.0, or full) runs the same text as a script.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

import redis

from receipt_sync.cluster import node_of

_LIBRARY = """#!lua name=%(library)s
%(text)s
local function register(name, run)
  redis.register_function{function_name = name, flags = {%(flags)s}, callback = function(keys, arguments)
    return begin(keys[1]) or run(arguments)
  end}
end
%(registered)s"""
# While a library is loaded nothing is known to it but `redis`: no `pairs`.
_REGISTERED = "register('%(name)s_%(digest)s', functions.%(name)s)\n"
_SCRIPT = """%(first)s%(text)s
return begin(KEYS[1]) or functions.%(name)s(ARGV)
"""
# A full Redis (noeviction) refuses a script's first command that may need room, and lets the others pass once the
# script has written something. This one frees, and needs nothing: the key never exists. Functions have a flag for it.
_DRAINS_A_FULL_REDIS = "redis.call('DEL', KEYS[2])\n"


class _AsScript(NamedTuple):
    source: str
    digest: str


class Library:
    """Functions that share their parts.

    Args:
        name: the library's on the server, with a digest behind it: those of several releases stand side by side.
        shared: the parts' text.
        functions: by name, the text of each; it finds its arguments in `ARGV`.
        drains: whether a full Redis must let them pass: they free more than they take.
    """

    def __init__(self, name: str, shared: str, functions: Mapping[str, str], *, drains: bool) -> None:
        bodies = "".join(f"functions.{function} = function(ARGV)\n{text}end\n" for function, text in functions.items())
        self.text = f"{shared}local functions = {{}}\n{bodies}"
        self.digest = _sha1(self.text)[:12]
        self.name = f"{name}_{self.digest}"
        self._functions, self._drains = tuple(functions), drains

    @property
    def source(self) -> str:
        """What `FUNCTION LOAD` takes."""
        flags = "'allow-oom'" if self._drains else ""
        registered = "".join(_REGISTERED % {"name": name, "digest": self.digest} for name in self._functions)
        return _LIBRARY % {"library": self.name, "text": self.text, "registered": registered, "flags": flags}

    def as_script(self, function: str) -> str:
        """What `EVAL` takes for one of the functions."""
        return _SCRIPT % {"first": _DRAINS_A_FULL_REDIS if self._drains else "", "text": self.text, "name": function}


class Function:
    """One function of a library.

    Attributes:
        name: what `FCALL` takes.
    """

    __slots__ = ("_function", "_library", "_script", "name")

    def __init__(self, library: Library, function: str) -> None:
        self._library, self._function = library, function
        self._script: _AsScript | None = None
        self.name = f"{function}_{library.digest}"

    def call(self, client: redis.Redis, prefix: str, *arguments: str | int | bytes) -> Any:
        """Runs it on the application whose keys start with `prefix`.

        Raises:
            redis.RedisError: the server was not reached or refused.
        """
        try:
            return client.fcall(self.name, *keyed(prefix), *arguments)
        except redis.exceptions.ResponseError as error:
            if not is_missing(error):
                raise
            too_old = _knows_no_functions(error)
        # Behind the handler: the error's words may hold arguments, and must not be told with another's.
        if not too_old and self._load(client, prefix):
            return client.fcall(self.name, *keyed(prefix), *arguments)
        return self._call_as_script(client, prefix, *arguments)

    async def acall(self, client: Any, prefix: str, *arguments: Any, node_of: Callable[[Any, str], Any]) -> Any:
        """The same with a client of redis.asyncio; `node_of` answers the one that has a key.

        Raises:
            redis.RedisError: the server was not reached or refused.
        """
        try:
            return await client.fcall(self.name, *keyed(prefix), *arguments)
        except redis.exceptions.ResponseError as error:
            if not is_missing(error):
                raise
            too_old = _knows_no_functions(error)
        if not too_old:
            try:
                await node_of(client, prefix).execute_command("FUNCTION LOAD", "REPLACE", self._library.source)
                return await client.fcall(self.name, *keyed(prefix), *arguments)
            except redis.exceptions.OutOfMemoryError:
                pass  # a full server takes no library, and runs the script
        script = self._as_known_script()
        try:
            return await client.evalsha(script.digest, *keyed(prefix), *arguments)
        except redis.exceptions.NoScriptError:
            return await client.eval(script.source, *keyed(prefix), *arguments)

    def as_script(self) -> str:
        """What `EVAL` takes for it."""
        return self._library.as_script(self._function)

    def _load(self, client: redis.Redis, prefix: str) -> bool:
        try:
            node_of(client, prefix).function_load(self._library.source, replace=True)
        except redis.exceptions.OutOfMemoryError:
            return False
        return True

    def _call_as_script(self, client: redis.Redis, prefix: str, *arguments: str | int | bytes) -> Any:
        script = self._as_known_script()
        try:
            return client.evalsha(script.digest, *keyed(prefix), *arguments)
        except redis.exceptions.NoScriptError:
            return client.eval(script.source, *keyed(prefix), *arguments)

    def _as_known_script(self) -> _AsScript:
        if self._script is None:
            source = self.as_script()
            self._script = _AsScript(source, _sha1(source))
        return self._script


def keyed(prefix: str) -> tuple[int, str, str]:
    """The keys that a call declares, and before them how many they are.

    Both never exist; they say where the call belongs. Two: a cluster that moves their hash slot hands a call with one
    missing key to the node that is to have the slot, which has nothing of it yet, and a second ledger would begin
    there. With two it answers TRYAGAIN until the slot has moved.
    """
    return 2, prefix, f"{prefix}:none"


def is_missing(error: Exception) -> bool:
    """Whether a server says with it that it has not got a function, or is too old for functions."""
    return str(error) == "Function not found" or _knows_no_functions(error)


def _knows_no_functions(error: Exception) -> bool:
    return str(error).lower().startswith("unknown command")


def shared_source() -> str:
    """What all functions of the ledger stand on: a call's begin, a slot's fields and accounts, and the parts."""
    return "".join(_text(name) for name in ("slot", "join", "traces", "due", "tokens"))


def _text(name: str) -> str:
    return (_here() / f"{name}.lua").read_text(encoding="utf-8")


def _here() -> Traversable:
    return resources.files("receipt_sync") / "lua"


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


RECORDING = Library("receipt_sync_record", shared_source(), {"record": _text("record")}, drains=False)
RECORD = Function(RECORDING, "record")
