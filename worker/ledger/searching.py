"""Slots found: those of a dialog, and those that are next.

A slot is named by its dialog and its last part, the actor of marks or the message of edits (receipt_sync/keys.py).
Those that have something to do stand in `due` or `leases`, and are found there first: both are small beside the keys of
a whole Redis, through which those at rest are looked for, and only so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import redis

from receipt_sync import keys
from receipt_sync.cluster import node_of
from worker.ledger.reading import shown
from worker.ledger.slots import unless_broken

KEYS_LOOKED_AT = 2_000_000
_AT_ONCE = 1000
_SETS = ("leases", "due")


def slots_of(client: redis.Redis, application: str, patterns: Sequence[str]) -> tuple[list[str], bool]:
    """The slots whose ids look so, and whether every key has been looked at.

    Args:
        client: the ledger's Redis; answers must be bytes.
        application: its name.
        patterns: of slots' ids, as Redis' MATCH takes them.
    """
    prefix = keys.prefix(application)
    node: Any = node_of(client, prefix)
    found: set[str] = set()
    for pattern in patterns:
        for name in _SETS:
            found.update(_members(partial(_scanned, node, pattern), f"{prefix}:{name}"))
    whole_way = True
    for pattern in patterns:
        whole_way &= _scan(node, f"{prefix}:", pattern, found)
    return sorted(found), whole_way


def _scan(node: Any, start: str, pattern: str, found: set[str]) -> bool:
    cursor, looked_at = 0, 0
    while looked_at < KEYS_LOOKED_AT:
        cursor, page = node.scan(cursor, match=start + pattern, count=_AT_ONCE, _type="hash")
        names = (shown(key).removeprefix(start) for key in page)
        found.update(name for name in names if not name.endswith((":p", ":f")))
        looked_at += _AT_ONCE
        if cursor == 0:
            return True
    return False


def first_slots(client: redis.Redis, application: str, most: int) -> list[str]:
    """The slots that are due first, and those whose leases end first; at most so many of each."""
    prefix = keys.prefix(application)
    node: Any = node_of(client, prefix)
    return [each for name in _SETS for each in _members(lambda key: node.zrange(key, 0, most - 1), f"{prefix}:{name}")]


def _scanned(node: Any, pattern: str, key: str) -> Iterator[bytes]:
    return (member for member, _ in node.zscan_iter(key, match=pattern, count=_AT_ONCE))


def _members(read: Callable[[str], Iterable[bytes]], key: str) -> list[str]:
    """None of a key of another type, which `status` names."""
    try:
        return [shown(member) for member in read(key)]
    except redis.ResponseError as error:
        unless_broken(error)
        return []
