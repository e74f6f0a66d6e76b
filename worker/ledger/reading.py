"""The ledger read by somebody who takes whatever lies there: no bytes, and no key of another type, raise anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis

from receipt_sync.cluster import node_of

_SECOND_MS = 1000
_LOOKED_AT = 200  # slots at either end of the due set, and in flight, whose oldest receipt is asked for
# Beyond it neither Lua nor JSON tells whole numbers apart.
_MOST = 2.0**53

_WITH_SCORES = "WITHSCORES"

Fields = Mapping[bytes, bytes]
Command = tuple[Any, ...]


def number(raw: bytes | None, least: float, most: float = _MOST) -> float | None:
    """The number that these bytes spell; None where they spell none, or one out of bounds."""
    try:
        value = float(raw or b"")
    except ValueError:
        return None
    return value if least <= value <= most else None


def whole(raw: bytes | None, least: float, most: float = _MOST) -> int | None:
    """The same, without its fraction."""
    value = number(raw, least, most)
    return None if value is None else int(value)


def shown(raw: bytes | str) -> str:
    """These bytes as text; what is not UTF-8 is escaped."""
    return raw if isinstance(raw, str) else raw.decode(errors="backslashreplace")


class Reading:
    """The two round trips: what there is, then what the time and the slots of the first one lead to.

    Attributes:
        now_ms: Redis' clock.
        due: slots that are due by now.
        calls: calls in the last second's window.
        first_due_ms: when the slot that is due first falls, or fell, due; None: none waits.
        permits: those that have not run out.
        recorded: when the oldest receipts of the slots that were looked at were recorded, as it lies in Redis.
        unreadable: names of keys of another type than they should be.
    """

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        # The server that has the keys: all of an application lie on one.
        self._client: Any = node_of(client, prefix)
        self._prefix = prefix
        self.unreadable: set[str] = set()
        self._look()
        self._look_closer()

    def fields(self, name: str) -> Fields:
        """A hash."""
        return self._hashes[name] or {}

    def size(self, name: str) -> int:
        """How many members there are."""
        return self._sizes[name] or 0

    def _look(self) -> None:
        hashes, sets, ends = ("pace", "counts", "policy"), ("due", "leases"), ((0, _LOOKED_AT - 1), (-_LOOKED_AT, -1))
        streams = ("dead", "notices")
        commands: list[Command] = [("TIME",), *(("HGETALL", self._key(name)) for name in hashes)]
        commands += [("ZCARD", self._key(name)) for name in sets]
        commands += [("XLEN", self._key(name)) for name in streams]
        commands += [("HLEN", self._key("broken"))]
        commands += [("ZRANGE", self._key("due"), *each) for each in ends]
        commands += [("ZRANGE", self._key("leases"), *ends[0])]
        (seconds, microseconds), *found = self._ask(commands)
        self.now_ms = int(seconds) * 1000 + int(microseconds) // 1000
        self._hashes: dict[str, Fields | None] = dict(zip(hashes, found[:3], strict=True))
        self._sizes: dict[str, int | None] = dict(zip((*sets, *streams, "broken"), found[3:8], strict=True))
        first, last, leased = (list[bytes](members or ()) for members in found[8:])
        self._slots = [(b"pt", slot) for slot in {*first, *last}] + [(b"ft", slot) for slot in leased]

    def _look_closer(self) -> None:
        commands: list[Command] = [("ZCOUNT", self._key("due"), "-inf", self.now_ms)]
        commands += [("ZCOUNT", self._key("window"), f"({self.now_ms - _SECOND_MS}", self.now_ms)]
        commands += [("ZRANGE", self._key("due"), 0, 0, _WITH_SCORES)]
        commands += [("ZRANGEBYSCORE", self._key("permits"), f"({self.now_ms}", "+inf")]
        commands += [("HGET", self._key("").encode() + slot, field) for field, slot in self._slots]
        due, calls, first, permits, *self.recorded = self._ask(commands)
        self.due, self.calls, self.permits = int(due or 0), int(calls or 0), list[bytes](permits or ())
        self.first_due_ms = float(first[0][1]) if first else None

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"

    def _ask(self, commands: Sequence[Command]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=True)  # nothing moves while it is read
        for command in commands:
            # By this word redis-py makes pairs of whatever the protocol answers.
            pipeline.execute_command(*command, **({"withscores": True} if _WITH_SCORES in command else {}))
        answers = pipeline.execute(raise_on_error=False)
        return [self._taken(command, answer) for command, answer in zip(commands, answers, strict=True)]

    def _taken(self, command: Command, answer: Any) -> Any:
        if not isinstance(answer, Exception):
            return answer
        if not str(answer).startswith("WRONGTYPE"):
            raise answer
        self.unreadable.add(shown(command[1]).removeprefix(f"{self._prefix}:"))
        return None
