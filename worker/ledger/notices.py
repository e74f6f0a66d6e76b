"""Notices: entries of `rs:{app}:notices`, by which an application is told what became of its receipts (docs/hooks.md).

A notice is written by the call that settles (lua/notices.lua), and stays until every group that reads the stream has
acknowledged it: at least once, whatever dies in between.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import redis

from receipt_sync import keys
from worker.ledger.entries import text_of, whole

GROUP = "receipts.hook"
"""The consumer group in which the workers read what they hand to a Celery task."""
_ABANDONED_MS = 60_000
_LOOKS_EVERY_S = 30.0
_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_KINDS = {"m": "marks", "e": "edit"}
_FLAGS = ("read", "delivered")

Entry = tuple[str, dict[str, Any]]
_Stored = tuple[bytes, dict[bytes, bytes]]


class Notices:
    """The notices of one application. Every method raises redis.RedisError when the ledger is not reached.

    Args:
        client: the ledger's Redis; answers must be bytes (`decode_responses=False`).
        application: name of the application.
        reader: who reads in the workers' group: no two processes may have the same name.
    """

    def __init__(self, client: redis.Redis, application: str, reader: str) -> None:
        self.application = application
        self._redis: Any = client  # redis-py's annotations know neither whether it is async nor what it answers
        self._stream = f"{keys.prefix(application)}:notices"
        self._reader = reader
        # A worker of this name may have died with some in its hands.
        self._owes = True
        self._looks_s = 0.0

    def make_group(self) -> None:
        """Makes the workers' group, from the oldest notice on, unless there is one.

        Raises:
            redis.ResponseError: the key holds something else.
        """
        try:
            self._redis.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def take(self, most: int) -> list[Entry]:
        """Notices to be handed on, at most so many, by id.

        First those that this reader has taken and not acknowledged, then those that another left for a minute, then new
        ones.

        Raises:
            redis.ResponseError: there is no group (`NOGROUP …`: see `make_group`), or the key holds something else.
        """
        found = self._mine(most) or self._abandoned(most) or self._read(">", most)
        self._owes = bool(found)
        return [(id_.decode(), notice_of(self.application, id_, fields)) for id_, fields in found]

    def acknowledge(self, ids: Sequence[str]) -> None:
        """They have been handed on, and are not given out again."""
        self._redis.xack(self._stream, GROUP, *ids)
        self._owes = False

    def leave(self) -> None:
        """This reader goes for good: its name leaves the group, unless something is still in its hands.

        To be called by nobody but the one who reads under this name: what it takes meanwhile would be forgotten.
        """
        if not self._redis.xpending_range(self._stream, GROUP, min="-", max="+", count=1, consumername=self._reader):
            self._redis.xgroup_delconsumer(self._stream, GROUP, self._reader)

    def trim(self) -> int:
        """Removes what every group has acknowledged; answers how many. Without a group nobody has read: all stays."""
        groups = self._redis.xinfo_groups(self._stream) if self._redis.exists(self._stream) else []
        if not groups:
            return 0
        least = min((self._first_needed(group) for group in groups), key=_order)
        return int(self._redis.xtrim(self._stream, minid=least, approximate=False))

    def _first_needed(self, group: Mapping[str, Any]) -> str:
        if group["pending"]:
            pending = self._redis.xpending(self._stream, group["name"])
            if pending["min"] is not None:
                return text_of(pending["min"])
        milliseconds, _, nth = text_of(group["last-delivered-id"]).partition("-")
        return f"{milliseconds}-{int(nth) + 1}"

    def _mine(self, most: int) -> list[_Stored]:
        return self._read("0", most) if self._owes else []

    def _read(self, after: str, most: int) -> list[_Stored]:
        answer = self._redis.xreadgroup(GROUP, self._reader, {self._stream: after}, count=most)
        # Redis answers pairs over RESP2, and a map over RESP3.
        streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer or ()]
        return self._there([entry for entries in streams for entry in _flat(entries)])

    def _abandoned(self, most: int) -> list[_Stored]:
        if time.monotonic() < self._looks_s:
            return []
        self._looks_s = time.monotonic() + _LOOKS_EVERY_S
        answer = self._redis.xautoclaim(self._stream, GROUP, self._reader, _ABANDONED_MS, count=most)
        return self._there(answer[1])

    def _there(self, entries: Sequence[tuple[bytes | None, dict[bytes, bytes] | None]]) -> list[_Stored]:
        # What was trimmed away while it was pending has an id and nothing else; it can only be forgotten.
        gone = [id_ for id_, fields in entries if id_ and not fields]
        if gone:
            self._redis.xack(self._stream, GROUP, *gone)
        return [(id_, fields) for id_, fields in entries if id_ and fields]


def notice_of(application: str, entry_id: bytes, entry: Mapping[bytes, bytes]) -> dict[str, Any]:
    """A notice as the hook's task gets it, ready for JSON; docs/hooks.md lists its fields."""
    fields = {text_of(name): text_of(value) for name, value in entry.items()}
    parts = fields.get("slot", "").split(":")
    kind = "call" if "task" in fields else _KINDS.get(parts[0], "unknown")
    dialog_id, last = parts[1:3] if len(parts) == 3 else ("", "")  # noqa: PLR2004 - kind, dialog, last
    actor = fields.get("actor", "") if kind == "edit" else last
    notice: dict[str, Any] = {
        "id": text_of(entry_id),
        "application": application,
        "outcome": fields.get("outcome", ""),
        "kind": kind,
        "receipts": whole(fields.get("receipts")) or 0,
        "recorded_ms": whole(fields.get("recorded_ms")),
        "ended_ms": whole(fields.get("ended_ms")),
    }
    if kind in {"marks", "edit"}:
        notice |= {"dialog_id": dialog_id, "user_id": whole(actor[1:]) if actor[:1] in {"u", "s"} else None}
    if kind == "marks":
        notice |= {name: value for flag in _FLAGS for name, value in _marks(flag, fields)}
    if kind == "edit":
        notice |= {"message_id": last, "revision": whole(fields.get("revision"))}
    if kind == "call":
        notice["task"] = fields["task"]
    if notice["outcome"] == "dead":
        notice |= {
            "reason": fields.get("reason", ""),
            "status": whole(fields.get("status")),
            "letter": fields.get("letter"),
        }
    return notice


def _marks(flag: str, fields: Mapping[str, str]) -> list[tuple[str, Any]]:
    return [
        (flag, bool(whole(fields.get(flag)))),
        (f"{flag}_up_to", _ID.findall(fields.get(f"{flag}_names", ""))),
        (f"{flag}_message_ids", _ID.findall(fields.get(f"{flag}_ids", ""))),
    ]


def _order(id_: str) -> tuple[int, int]:
    milliseconds, _, nth = id_.partition("-")
    return int(milliseconds), int(nth)


def _flat(entries: Sequence[Any]) -> Sequence[Any]:
    # redis-py wraps the entries of one stream in a further list over RESP3.
    return entries[0] if entries and isinstance(entries[0], list) else entries
