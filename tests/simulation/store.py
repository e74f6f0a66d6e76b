"""The store: a real Redis with the real functions, whose clock and whose last second belong to the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import redis

from receipt_sync.functions import RECORDING
from receipt_sync.keys import prefix
from stack.redis_server import RedisServer
from tests.simulation.wire import Wire
from worker.ledger.functions import LEDGER

LIBRARIES = (RECORDING, LEDGER)

# The only lines in which a function meets the world outside its keys.
_TIME = "local clock = redis.call('TIME')"
_VIRTUAL_TIME = "local clock = {0, virtual_ms * 1000}"
_PUBLISH = "redis.call('PUBLISH', prefix .. ':wake', "
_CALL = "    return begin(keys[1]) or run(arguments)\n"
_CALLED = """    virtual_ms, woken = tonumber(table.remove(arguments)), {}
    local answer = begin(keys[1]) or run(arguments)
    if type(answer) == 'table' and answer.err then return answer end
    return {answer, woken}
"""
_WORLD = """local virtual_ms, woken
local function wake_workers(in_ms) woken[#woken + 1] = in_ms end
"""
_SNAPSHOT = """
for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', key, 'snapshot:' .. key, 'REPLACE') end
"""
_ROLL_BACK = """
for _, key in ipairs(redis.call('KEYS', 'rs:*')) do redis.call('DEL', key) end
for _, key in ipairs(redis.call('KEYS', 'snapshot:*')) do redis.call('RENAME', key, string.sub(key, 10)) end
"""


def simulated(source: str) -> str:
    """A library whose functions are told the time as their last argument, and answer {answer, wake-ups}."""
    assert source.count(_TIME) == 1, "the functions read the time in another way than the simulator expects"
    assert source.count(_CALL) == 1, "the functions are called in another way than the simulator expects"
    assert _PUBLISH in source, "the functions wake the workers in another way than the simulator expects"
    name, text = source.split("\n", 1)
    text = text.replace(_TIME, _VIRTUAL_TIME).replace(_CALL, _CALLED).replace(_PUBLISH, "wake_workers(")
    return f"{name}\n{_WORLD}{text}"


class Breaker(NamedTuple):
    """An open breaker: since when, until when nothing is claimed (both ms), and why."""

    opened_ms: int
    till_ms: int
    why: str


class Store:
    """What the ledger and the producers' queue take for a Redis client.

    Attributes:
        now_ms: the virtual time.
        woken_in_ms: the wake-up of the last call, None where it had none.
        client: an ordinary client, for audits.
    """

    def __init__(self, socket: Path, client: redis.Redis) -> None:
        self._wire = Wire(socket)
        self.client = client
        self.now_ms = 0
        self.woken_in_ms: int | None = None
        self.load({})

    def load(self, texts: Mapping[str, str]) -> None:
        """Loads the libraries; `texts` says by name what stands in for one (mutants.py)."""
        for library in LIBRARIES:
            source = texts.get(library.name, library.source)
            self._wire.call("FUNCTION", "LOAD", "REPLACE", simulated(source))

    def empty(self) -> None:
        """Forgets everything but the functions."""
        self._wire.call("FLUSHDB")

    def fcall(self, name: str, keys: int, *arguments: str | int | bytes) -> Any:
        """As redis-py's, for the functions of the ledger."""
        answer, woken = self._wire.call("FCALL", name, keys, *arguments, self.now_ms)
        self.woken_in_ms = min(woken) if woken else None
        return answer

    def hset(self, key: str, mapping: Mapping[str, str]) -> None:
        """As redis-py's, for the policy."""
        self._wire.call("HSET", key, *(part for pair in mapping.items() for part in pair))

    def breaker(self, application: str) -> Breaker | None:
        """The breaker; None for a closed one."""
        opened, till, why = self._wire.call("HMGET", f"{prefix(application)}:pace", "open", "till", "why")
        return None if opened is None else Breaker(int(opened), int(till), why.decode())

    def failing_since(self, application: str, slot: str) -> int | None:
        """Since when a slot has failed; None where it has not."""
        since = self._wire.call("HGET", f"{prefix(application)}:{slot}", "q")
        return None if since is None else int(since)

    def take_snapshot(self) -> None:
        """What has been written until now is on the disk."""
        self._wire.call("EVAL", _SNAPSHOT, 0)

    def roll_back(self) -> None:
        """The server dies and comes back with what was on the disk."""
        self._wire.call("EVAL", _ROLL_BACK, 0)

    def close(self) -> None:
        """Closes its connections."""
        self._wire.close()
        self.client.close()


class StoreServer:
    """A server of its own for one process of the simulator, over a Unix socket and without a disk."""

    def __init__(self, directory: Path) -> None:
        socket = directory / "s"
        self._server = RedisServer(directory, append_only=False, options={"unixsocket": str(socket)})
        self.store = Store(socket, self._server.client())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()
        self._server.stop()
