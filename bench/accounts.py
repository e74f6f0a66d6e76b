"""The ledger's accounts, in total and summed over its slots: promise 7."""

from collections import Counter
from itertools import chain
from typing import cast

import redis

from receipt_sync import keys

_PAGE = 1_000
_SLOT_FIELDS = {"R": "recorded", "C": "covered", "D": "dead"}


def totals(client: redis.Redis, application: str = "default") -> Counter[str]:
    """The counts that the functions keep, by name; a name that is missing is 0."""
    stored = cast("dict[bytes, bytes]", client.hgetall(f"{keys.prefix(application)}:counts"))
    return Counter({name.decode(): int(value) for name, value in stored.items()})


def by_slot(client: redis.Redis, application: str = "default") -> Counter[str]:
    """What all slots together have recorded, covered and dead."""
    slots, summed = list(_slot_keys(client, application)), Counter[str]()
    for start in range(0, len(slots), _PAGE):
        pipeline = client.pipeline(transaction=False)
        for key in slots[start : start + _PAGE]:
            pipeline.hmget(key, list(_SLOT_FIELDS))
        for values in pipeline.execute():
            summed.update({name: int(value or 0) for name, value in zip(_SLOT_FIELDS.values(), values, strict=True)})
    return summed


def _slot_keys(client: redis.Redis, application: str) -> set[bytes]:
    found = (client.scan_iter(f"{keys.prefix(application)}:{kind}:*", count=_PAGE) for kind in "me")
    return {key for key in chain.from_iterable(found) if not key.endswith((b":p", b":f"))}


def at_rest(counts: Counter[str]) -> bool:
    """Whether nothing waits and nothing is in flight."""
    return counts["pending"] == 0 and counts["in_flight"] == 0


def complaints(counts: Counter[str], slots: Counter[str], recorded: int) -> list[str]:
    """What does not balance, with all receipts recorded and nothing to do any more; empty when all does."""
    ends = counts["covered"] + counts["dead"] + counts["pending"] + counts["in_flight"]
    found = []
    if counts["recorded"] != recorded:
        found.append(f"{recorded:,} receipts were recorded, the ledger counts {counts['recorded']:,}")
    if ends != counts["recorded"]:
        found.append(f"covered + dead + pending + in flight are {ends:,}, recorded {counts['recorded']:,}")
    if not at_rest(counts):
        found.append(f"{counts['pending']:,} receipts are still pending, {counts['in_flight']:,} in flight")
    if counts["dead"]:
        found.append(f"{counts['dead']:,} receipts are dead")
    differing = [name for name in _SLOT_FIELDS.values() if slots[name] != counts[name]]
    found += [f"{name}: {slots[name]:,} over all slots, {counts[name]:,} in total" for name in differing]
    return found
