"""Slots looked at from outside: what each holds, and when its turn comes. Writes nothing, reads no text and no token.

Which slots there are: searching.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import redis

from receipt_sync import keys
from receipt_sync.cluster import node_of
from worker.ledger.reading import Fields, shown, whole

_FIELDS = tuple(b"R C D s a y w u l pt pr pd pn pv pu pi ft fr fd fn fv fu fi".split())
_NAMES = {"p": ("pt", "pr", "pd", "pn", "pv", "pu"), "f": ("ft", "fr", "fd", "fn", "fv", "fu")}


@dataclass(frozen=True, slots=True)
class Half:
    """What waits in a slot, or is in flight.

    Attributes:
        since_ms: when its oldest receipt was recorded.
        receipts: how many.
        read, delivered: those of them that mark the whole dialog.
        listed: message → letters of the flags (`r`, `d`) that it is marked with, one by one.
        revision: of the edit that won.
        actor: whom the edit is sent for.
    """

    since_ms: int
    receipts: int
    read: int = 0
    delivered: int = 0
    listed: tuple[tuple[str, str], ...] = ()
    revision: int | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot as it lies in the ledger; times in ms, Redis' clock; None where there is none.

    Attributes:
        slot: its id.
        kind: `marks` or `edit`.
        actor: whom its next PUT is sent for; of an edit at rest "".
        message_id: of an edit.
        due_ms: when what is pending may be sent; `ahead` slots are due before.
        lease_ms: until when its claim is good.
        last_put_ms: when its last PUT was claimed.
        failures: attempts in a row that failed; `crashes` workers in a row that died.
        trouble: why the last attempt did not end well.
        waits_since_ms: since when it has waited for another session token, or for any credentials.
        lands_ms: until when an earlier PUT of an edit may still be applied.
        recorded, covered, dead: receipts, for as long as the slot is remembered.
        readable: that its key holds a slot.
    """

    slot: str
    kind: str
    actor: str
    message_id: str | None
    due_ms: int | None
    lease_ms: int | None
    ahead: int
    pending: Half | None
    in_flight: Half | None
    last_put_ms: int | None
    failures: int
    crashes: int
    trouble: str
    waits_since_ms: int | None
    lands_ms: int | None
    recorded: int
    covered: int
    dead: int
    readable: bool


def look_at(client: redis.Redis, application: str, slots: Iterable[str]) -> list[Slot]:
    """How these slots stand; one that does not exist has nothing in it."""
    node, prefix = node_of(client, keys.prefix(application)), keys.prefix(application)
    return [_look(node, prefix, slot) for slot in slots]


def _look(node: Any, prefix: str, slot: str) -> Slot:
    raw = slot.encode(errors="surrogateescape")
    key = f"{prefix}:".encode() + raw
    pipeline = node.pipeline(transaction=True)  # nothing moves while it is read
    pipeline.hmget(key, _FIELDS)
    pipeline.hgetall(key + b":p")
    pipeline.hgetall(key + b":f")
    pipeline.zscore(f"{prefix}:due", raw)
    pipeline.zscore(f"{prefix}:leases", raw)
    values, *rest = pipeline.execute(raise_on_error=False)
    pending_ids, flying_ids, due, lease = (unless_broken(each) for each in rest)
    readable = unless_broken(values) is not None
    fields = {name: value for name, value in zip(_FIELDS, values, strict=True) if value} if readable else {}
    due_ms, lease_ms = _score(due), _score(lease)
    ahead = 0 if due_ms is None else int(node.zcount(f"{prefix}:due", "-inf", f"({due_ms}"))
    return _slot(
        slot,
        fields,
        halves=(_half(fields, "p", pending_ids or {}), _half(fields, "f", flying_ids or {})),
        times=(due_ms, lease_ms, ahead),
        readable=readable,
    )


def unless_broken(answer: Any) -> Any:
    """None for an answer of a key of another type; any other error is raised."""
    if not isinstance(answer, Exception):
        return answer
    if not str(answer).startswith("WRONGTYPE"):
        raise answer
    return None


def _score(score: float | None) -> int | None:
    """Garbage may stand infinitely far away."""
    return None if score is None or not math.isfinite(score) else int(score)


def _slot(
    slot: str,
    fields: Fields,
    *,
    halves: tuple[Half | None, Half | None],
    times: tuple[int | None, int | None, int],
    readable: bool,
) -> Slot:
    pending, flying = halves
    due_ms, lease_ms, ahead = times
    is_edit, last = slot.startswith("e:"), slot.rpartition(":")[2]
    of_edit = next((half.actor for half in halves if half), "")
    return Slot(
        slot=slot,
        kind="edit" if is_edit else "marks",
        actor=of_edit if is_edit else last,
        message_id=last if is_edit else None,
        due_ms=due_ms,
        lease_ms=lease_ms,
        ahead=ahead,
        pending=pending,
        in_flight=flying,
        last_put_ms=_time(fields, "s"),
        failures=_number(fields, "a"),
        crashes=_number(fields, "y"),
        trouble=shown(fields.get(b"w", b"")),
        waits_since_ms=_time(fields, "u"),
        lands_ms=_time(fields, "l"),
        recorded=_number(fields, "R"),
        covered=_number(fields, "C"),
        dead=_number(fields, "D"),
        readable=readable,
    )


def _half(fields: Fields, half: str, ids: Fields) -> Half | None:
    since, read, delivered, edits, revision, actor = _NAMES[half]
    since_ms = _time(fields, since)
    if since_ms is None:
        return None
    flags: dict[str, str] = {}
    for member in sorted(ids, reverse=True):  # 'r…' before 'd…'
        flags[shown(member[1:])] = flags.get(shown(member[1:]), "") + shown(member[:1])
    listed = sum(whole(count, 0) or 0 for count in ids.values())
    marked, got, edited = (_number(fields, name) for name in (read, delivered, edits))
    return Half(
        since_ms=since_ms,
        receipts=marked + got + edited + listed,
        read=marked,
        delivered=got,
        listed=tuple(sorted(flags.items())),
        revision=whole(fields.get(revision.encode()), 0),
        actor=shown(fields.get(actor.encode(), b"")),
    )


def _number(fields: Fields, name: str) -> int:
    return whole(fields.get(name.encode()), 0) or 0


def _time(fields: Fields, name: str) -> int | None:
    return whole(fields.get(name.encode()), 1)
