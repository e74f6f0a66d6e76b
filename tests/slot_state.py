"""A slot's state as a value: what the model says of it, and what Redis holds of it, in the same words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis

from receipt_sync import keys
from receipt_sync.join import DELIVERED, READ, EditHalf, Half, MarkHalf, WholeDialog

Fields = Mapping[str, str]
NOTHING_COVERED: Mapping[str, frozenset[str]] = {READ: frozenset(), DELIVERED: frozenset()}


@dataclass(frozen=True)
class SlotState:
    """Everything a slot says, but for times.

    Attributes:
        waits_for: "due" in the due set, "lease" in flight, "" at rest.
        token: of a mark slot: the newest session token; kept only while something waits.
        sent_token: of a mark slot: the one in flight.
        covered_names: flag's letter → messages covered for good.
        sent_revision: of an edit slot: the highest that was accepted.
        stored: of an edit slot: SHA-1 of the text that the API holds for certain.
    """

    recorded: int = 0
    covered: int = 0
    dead: int = 0
    generation: int = 0
    attempts: int = 0
    crashes: int = 0
    waits_for_token: bool = False
    waits_for: str = ""
    pending: Half | None = None
    in_flight: Half | None = None
    token: str | None = None
    sent_token: str | None = None
    list_limit: int | None = None
    covered_names: Mapping[str, frozenset[str]] = field(default_factory=lambda: NOTHING_COVERED)
    sent_revision: int | None = None
    stored: str | None = None


@dataclass(frozen=True)
class LedgerState:
    """All slots that were asked for, and the totals."""

    slots: Mapping[str, SlotState]
    counts: Mapping[str, int]
    dead_letters: int


ACCOUNTS = (
    *("recorded", "recorded_read", "recorded_delivered", "recorded_edit", "joined", "absorbed", "covered"),
    *("dead", "replayed", "dropped", "expired", "pending", "in_flight"),
)


def text_digest(text: str) -> str:
    """How a slot remembers a text."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def read_state(
    client: redis.Redis, application: str, slots: Iterable[str], nth: Callable[[str, int], int]
) -> LedgerState:
    """What the ledger holds of these slots, in one round trip."""
    asked, prefix = list(slots), keys.prefix(application)
    pipeline = client.pipeline()
    for slot in asked:
        for suffix in ("", ":p", ":f"):
            pipeline.hgetall(f"{prefix}:{slot}{suffix}")
    pipeline.hgetall(f"{prefix}:counts")
    pipeline.zrange(f"{prefix}:due", 0, -1)
    pipeline.zrange(f"{prefix}:leases", 0, -1)
    pipeline.xrange(f"{prefix}:dead")
    *hashes, counts, due, leases, letters = pipeline.execute()
    waiting = {member.decode(): "due" for member in due} | {member.decode(): "lease" for member in leases}
    assert len(waiting) == len(due) + len(leases), "a slot is due and leased at once"
    texts = [_text(each) for each in hashes]
    states = {slot: _state(slot, texts[3 * i : 3 * i + 3], waiting.get(slot, ""), nth) for i, slot in enumerate(asked)}
    totals = {name: int(_text(counts).get(name, 0)) for name in ACCOUNTS}
    return LedgerState(states, totals, sum(int(fields[b"receipts"]) for _, fields in letters))


def _text(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields.items()}


def _state(slot: str, hashes: Sequence[Fields], waits_for: str, nth: Callable[[str, int], int]) -> SlotState:
    fields, pending_ids, sent_ids = hashes
    both: dict[str, Any] = {
        "recorded": int(fields.get("R", 0)),
        "covered": int(fields.get("C", 0)),
        "dead": int(fields.get("D", 0)),
        "generation": nth(slot, int(fields["g"])) if "g" in fields else 0,
        "attempts": int(fields.get("a", 0)),
        "crashes": int(fields.get("y", 0)),
        "waits_for_token": "u" in fields,
        "waits_for": waits_for,
    }
    if slot.startswith("e:"):
        return _edit_state(fields, both)
    return _mark_state(fields, both, pending_ids, sent_ids)


def _edit_state(fields: Fields, both: Mapping[str, Any]) -> SlotState:
    return SlotState(
        **both,
        pending=_edit_half(fields, "p"),
        in_flight=_edit_half(fields, "f"),
        sent_revision=int(fields["v"]) if "v" in fields else None,
        stored=fields.get("h"),
    )


def _edit_half(fields: Fields, half: str) -> EditHalf | None:
    if half + "t" not in fields:
        assert not {half + letter for letter in "nvxuk"} & fields.keys(), f"leftovers of {half}: {dict(fields)}"
        return None
    n, v, x, u, k = (fields[half + letter] for letter in "nvxuk")
    return EditHalf(int(n), int(v), x, u, k or None)


def _mark_state(fields: Fields, both: Mapping[str, Any], pending_ids: Fields, sent_ids: Fields) -> SlotState:
    return SlotState(
        **both,
        pending=_mark_half(fields, "p", pending_ids),
        in_flight=_mark_half(fields, "f", sent_ids),
        token=fields.get("k"),
        sent_token=fields.get("fk"),
        list_limit=int(fields["z"]) if "z" in fields else None,
        covered_names={READ: _names(fields.get("wa", "")), DELIVERED: _names(fields.get("wb", ""))},
    )


def _mark_half(fields: Fields, half: str, listed: Fields) -> MarkHalf | None:
    assert bool(listed) == (half + "i" in fields), f"ids of {half} and its field disagree: {dict(fields)}, {listed}"
    if half + "t" not in fields:
        assert not {half + letter for letter in "rdabi"} & fields.keys(), f"leftovers of {half}: {dict(fields)}"
        return None
    ids: dict[str, dict[str, int]] = {}
    for member, n in listed.items():
        ids.setdefault(member[1:], {})[member[0]] = int(n)
    return MarkHalf(_whole(fields, half, "r", "a"), _whole(fields, half, "d", "b"), ids)


def _whole(fields: Fields, half: str, count: str, names: str) -> WholeDialog:
    listed = fields.get(half + names, "")
    return WholeDialog(int(fields.get(half + count, 0)), _names(listed), listed.startswith("*"))


def _names(listed: str) -> frozenset[str]:
    return frozenset(name for name in listed.lstrip("*").split(",") if name)
