"""Live notes: the stream into which producers' `ShadowQueue` writes. Reads alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import redis

from receipt_sync import keys
from receipt_sync.cluster import node_of
from worker.shadow.notes import DELIVERED, EDIT, READ, Note

_AT_ONCE = 5000
_MARKS = re.compile(rb"m:[0-9a-f]{24}:[ust][0-9a-f]{1,32}")
_EDITS = re.compile(rb"e:[0-9a-f]{24}:[0-9a-f]{24}")
_IDS = re.compile(rb"(?:[0-9a-f]{24}(?:,[0-9a-f]{24}){0,999})?")


class Stream:
    """The notes of one application as they come.

    Args:
        client: the ledger's Redis; answers must be bytes.
        application: its name.
        since_ms: from how long ago on; 0 from now on.

    Every method raises redis.RedisError when Redis is not reached.
    """

    def __init__(self, client: redis.Redis, application: str, since_ms: int = 0) -> None:
        self._key = f"{keys.prefix(application)}:shadow"
        self._redis: Any = node_of(client, keys.prefix(application))
        self._last = f"{self.now_ms() - since_ms}-0"

    def now_ms(self) -> int:
        """Redis' clock."""
        seconds, microseconds = self._redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    def next(self, wait_ms: int) -> list[Note]:
        """What has come since, some at a time; waits so long for the first."""
        answer = self._redis.xread({self._key: self._last}, count=_AT_ONCE, block=max(1, wait_ms))
        # redis-py answers a list of pairs, or in RESP3 a mapping.
        streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer or ()]
        entries = [entry for found in streams for entry in found]
        if entries:
            self._last = entries[-1][0].decode()
        return [note for id_, fields in entries if (note := note_of(id_, fields))]


def note_of(id_: bytes, fields: Mapping[bytes, bytes]) -> Note | None:
    """An entry as a note; None where another hand has written it."""
    t_s = int(id_.partition(b"-")[0]) / 1000
    kind, slot = fields.get(b"kind", b""), fields.get(b"slot", b"")
    name, ids = fields.get(b"name", b""), fields.get(b"ids", b"")
    if kind == EDIT.encode() and _EDITS.fullmatch(slot):
        return Note(t_s, EDIT, slot.decode())
    if kind not in (READ.encode(), DELIVERED.encode()) or not _MARKS.fullmatch(slot) or not _IDS.fullmatch(ids):
        return None
    return Note(
        t_s, kind.decode(), slot.decode(), name.decode(errors="replace"), tuple(filter(None, ids.decode().split(",")))
    )
