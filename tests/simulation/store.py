"""The store: a real Redis with the real scripts, whose clock and whose last second belong to the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import redis

from receipt_sync.keys import prefix
from receipt_sync.queue import _RECORD
from receipt_sync.scripts import Script
from stack.redis_server import RedisServer
from tests.simulation.wire import Wire
from worker.ledger import scripts

_OF_WORKERS = (scripts.CLAIM, scripts.SETTLE, scripts.EXTEND, scripts.REAP, scripts.RING, scripts.PUBLISH)
SCRIPTS: tuple[Script, ...] = (_RECORD, *_OF_WORKERS)

# The only two lines in which a script meets the world outside its keys.
_TIME = "local clock = redis.call('TIME')"
_VIRTUAL_TIME = "local clock = {0, table.remove(ARGV) * 1000}"
_PUBLISH = "redis.call('PUBLISH', prefix .. ':wake', "
_WRAPPED = """
local woken = {}
local function wake_workers(in_ms) woken[#woken + 1] = in_ms end
local function script()
%s
end
local answer = script()
if type(answer) == 'table' and answer.err then return answer end
return {answer, woken}
"""
_SNAPSHOT = """
for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', key, 'snapshot:' .. key, 'REPLACE') end
"""
_ROLL_BACK = """
for _, key in ipairs(redis.call('KEYS', 'rs:*')) do redis.call('DEL', key) end
for _, key in ipairs(redis.call('KEYS', 'snapshot:*')) do redis.call('RENAME', key, string.sub(key, 10)) end
"""


def simulated(source: str) -> str:
    """A script that is told the time as its last argument, and answers {its answer, wake-ups it would publish}."""
    assert source.count(_TIME) == 1, "the scripts read the time in another way than the simulator expects"
    assert _PUBLISH in source, "the scripts wake the workers in another way than the simulator expects"
    return _WRAPPED % source.replace(_TIME, _VIRTUAL_TIME).replace(_PUBLISH, "wake_workers(")


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
        """Loads the scripts; `texts` says by digest what stands in for one (mutants.py)."""
        self._loaded = {
            script.digest: self._wire.call("SCRIPT", "LOAD", simulated(texts.get(script.digest, script.source)))
            for script in SCRIPTS
        }

    def empty(self) -> None:
        """Forgets everything but the scripts."""
        self._wire.call("FLUSHDB")

    def evalsha(self, digest: str, keys: int, *arguments: str | int | bytes) -> Any:
        """As redis-py's, for the scripts of the ledger."""
        answer, woken = self._wire.call("EVALSHA", self._loaded[digest], keys, *arguments, self.now_ms)
        self.woken_in_ms = min(woken) if woken else None
        return answer

    def hset(self, key: str, mapping: Mapping[str, str]) -> None:
        """As redis-py's, for the policy."""
        self._wire.call("HSET", key, *(part for pair in mapping.items() for part in pair))

    def breaker(self, application: str) -> Breaker | None:
        """The breaker; None for a closed one."""
        opened, till, why = self._wire.call("HMGET", f"{prefix(application)}:pace", "open", "till", "why")
        return None if opened is None else Breaker(int(opened), int(till), why.decode())

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
