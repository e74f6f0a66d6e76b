"""The door to one application's dead letters: read, replay, drop. The functions keep the accounts (lua/letters.lua)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from receipt_sync import keys
from receipt_sync.cluster import node_of
from worker.ledger import functions
from worker.ledger.letters import DeadLetter, parse_letter
from worker.ledger.replaying import NotReplayableError, replay_arguments

_ID = re.compile(r"([0-9]{1,20})(?:-([0-9]{1,20}))?", re.ASCII)
_ID_MOST = 2**64
_FORGOTTEN = 2  # replay.lua


class NoLetterIdError(ValueError):
    """What should be a letter's id is none."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"{self.text[:60]!r} is no id of a dead letter: expected two numbers joined by '-', as `dead list` shows"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a letter that was replayed.

    Attributes:
        absorbed: receipts that need no PUT any more: its own, and what its edit has made needless.
    """

    absorbed: int


@dataclass(frozen=True, slots=True)
class DeadCounts:
    """Receipts: dead, and of these the ones whose letters were dropped or have expired; and letters that stand."""

    dead: int
    dropped: int
    expired: int
    letters: int


class Letterbox:
    """The dead letters of one application. Every method raises redis.RedisError when the ledger is not reached.

    Args:
        client: the ledger's Redis; answers must be bytes (`decode_responses=False`).
        application: name of the application.
        max_text_bytes: most bytes of UTF-8 in an edit's text.
    """

    def __init__(self, client: redis.Redis, application: str, max_text_bytes: int) -> None:
        self.application = application
        self._redis: Any = client  # redis-py's annotations know neither whether it is async nor what it answers
        self._prefix = keys.prefix(application)
        self._stream = f"{self._prefix}:dead"
        self._max_text_bytes = max_text_bytes

    def newest(self, most: int, before: str | None = None) -> list[DeadLetter]:
        """At most so many letters, the newest first; `before` an id, or all.

        Raises:
            NoLetterIdError: `before` is no id.
        """
        # Not an exclusive range: Redis 6.0 has none.
        end = letter_id(before) if before else "+"
        entries = self._redis.xrevrange(self._stream, end, "-", count=most + 1)
        return [parse_letter(*entry) for entry in entries if entry[0].decode() != end][:most]

    def get(self, id_: str) -> DeadLetter | None:
        """The letter of this id; None where there is none.

        Raises:
            NoLetterIdError: it is no id.
        """
        entries = self._redis.xrange(self._stream, letter_id(id_), letter_id(id_))
        return parse_letter(*entries[0]) if entries else None

    def replay(self, letter: DeadLetter) -> Replayed | None:
        """Joins its receipts back like new ones and removes it, in one step; None where it was gone already.

        Raises:
            NotReplayableError: it does not hold what could be sent, or is an edit that might go over a newer one, for
                its slot has forgotten what was sent since; it stays.
            redis.ResponseError: the slot is damaged (`LEDGER …`), or the ledger refuses; it stays.
        """
        arguments = replay_arguments(letter, self.application, self._max_text_bytes)
        found, absorbed = functions.REPLAY.call(self._redis, self._prefix, letter.id, *arguments)
        if found == _FORGOTTEN:
            raise NotReplayableError(
                "its message may have been edited since, which is not remembered so long (RECEIPTS_REMEMBER_S): look "
                "at the message; then record the edit again where it came from, or drop it"
            )
        return Replayed(int(absorbed)) if found else None

    def drop(self, ids: Sequence[str]) -> list[bool]:
        """Removes letters, their receipts counted as dropped; False where there was none.

        Raises:
            NoLetterIdError: one is no id; nothing was removed.
        """
        checked = [letter_id(id_) for id_ in ids]
        return [bool(dropped) for dropped in functions.DROP.call(self._redis, self._prefix, *checked)]

    def counts(self) -> DeadCounts:
        """What became of the dead."""
        dead, dropped, expired = self._redis.hmget(f"{self._prefix}:counts", "dead", "dropped", "expired")
        return DeadCounts(int(dead or 0), int(dropped or 0), int(expired or 0), self._redis.xlen(self._stream))

    def now_ms(self) -> int:
        """Redis' clock."""
        seconds, microseconds = node_of(self._redis, self._prefix).time()
        return int(seconds) * 1000 + int(microseconds) // 1000


def letter_id(text: str) -> str:
    """An id as Redis takes it.

    Raises:
        NoLetterIdError: it is none.
    """
    found = _ID.fullmatch(text)
    parts = found.groups("0") if found else ()
    if not parts or any(int(part) >= _ID_MOST for part in parts):
        raise NoLetterIdError(text)
    return "-".join(parts)
