"""The join: how receipts combine in a slot. Pure: values in, values out.

This is the reference. The ledger does the same in Lua, inside Redis (lua/join.lua, lua/record.lua and the workers'
flight.lua); nothing at run time calls these functions. Tests hold the two together: tests/model.py is a ledger made
of them, and is driven with the same histories as the real one.

A half is what waits in a slot (pending) or has been claimed (in flight); None where there is nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from receipt_sync.receipts import EditMessage, MarkDelivered, MarkRead

READ, DELIVERED = "r", "d"
FLAGS = READ + DELIVERED

# A slot's room must not grow with its receipts: of more names the greatest stay, whatever the order of arrival.
NAMES_MAX = 8

Ids = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class WholeDialog:
    """Marks of a whole dialog for one flag.

    Attributes:
        count: receipts; 0 for none.
        names: the messages that caused them, at most `NAMES_MAX`.
        owed: a PUT is due whatever is known of the names: a mark had none, or its name found no room.
    """

    count: int = 0
    names: frozenset[str] = frozenset()
    owed: bool = False


@dataclass(frozen=True, slots=True)
class MarkHalf:
    """Half of a mark slot.

    Attributes:
        read: marks of the whole dialog as read.
        delivered: the same for delivered.
        ids: message id → flag's letter → receipts; never a flag that is marked for the whole dialog.
    """

    read: WholeDialog = WholeDialog()
    delivered: WholeDialog = WholeDialog()
    ids: Ids = field(default_factory=dict)

    def whole(self, flag: str) -> WholeDialog:
        """The marks of the whole dialog for a flag's letter."""
        return self.read if flag == READ else self.delivered

    @property
    def count(self) -> int:
        """Receipts in this half."""
        listed = sum(n for counts in self.ids.values() for n in counts.values())
        return self.read.count + self.delivered.count + listed


@dataclass(frozen=True, slots=True)
class EditHalf:
    """Half of an edit slot: the winner of its edits, and how many there were.

    Attributes:
        count: receipts in this half.
        revision: the winner's.
        text: the winner's.
        actor: whom the winner is sent for.
        token: the session token to send with, the newest of the winner's actor; None for the API key.
    """

    count: int
    revision: int
    text: str = field(repr=False)
    actor: str
    token: str | None = field(default=None, repr=False)


Half = MarkHalf | EditHalf


def mark_half(receipt: MarkRead | MarkDelivered) -> MarkHalf:
    """The half that a single mark makes; every listed message counts as one receipt."""
    flag = READ if isinstance(receipt, MarkRead) else DELIVERED
    if receipt.message_ids is not None:
        return MarkHalf(ids={id_: {flag: 1} for id_ in receipt.message_ids})
    named = frozenset() if receipt.up_to is None else frozenset({receipt.up_to})
    whole = WholeDialog(1, named, owed=not named)
    return MarkHalf(read=whole) if flag == READ else MarkHalf(delivered=whole)


def edit_half(receipt: EditMessage, recorded_ms: int) -> EditHalf:
    """The half that a single edit makes; `recorded_ms` is the producer's time, its revision where it has none."""
    _, _, actor, revision, text, token = receipt.wire(recorded_ms)
    return EditHalf(1, int(revision), text, actor, token or None)


def join_marks(a: MarkHalf, b: MarkHalf) -> MarkHalf:
    """Both together. Commutative and associative; a mark of the whole dialog absorbs those of single messages."""
    ids = _join_ids(a.ids, b.ids)
    read, ids = _absorb(READ, _join_whole(a.read, b.read), ids)
    delivered, ids = _absorb(DELIVERED, _join_whole(a.delivered, b.delivered), ids)
    return MarkHalf(read, delivered, ids)


def join_edits(older: EditHalf, newer: EditHalf) -> EditHalf:
    """The highest (revision, arrival) wins: of equal revisions the later. Of one actor's tokens the later stays."""
    winner = newer if newer.revision >= older.revision else older
    token = newer.token if newer.actor == winner.actor else winner.token
    return replace(winner, count=older.count + newer.count, token=token)


def without_covered(half: MarkHalf, covered: Mapping[str, Collection[str]]) -> MarkHalf:
    """What is left when marks of the whole dialog that name nothing but covered messages are dropped.

    Args:
        half: what waits.
        covered: flag's letter → messages that PUTs of the whole dialog have covered for good.
    """
    return MarkHalf(
        _unless_covered(half.read, covered[READ]), _unless_covered(half.delivered, covered[DELIVERED]), half.ids
    )


def is_needless(edit: EditHalf, sent_revision: int | None, stored_text: str | None) -> bool:
    """Whether an edit is older than the one last sent, or says what the API is known to hold."""
    return (sent_revision is not None and edit.revision < sent_revision) or edit.text == stored_text


def split_marks(half: MarkHalf, flags: str, ids: Iterable[str]) -> tuple[MarkHalf, MarkHalf]:
    """What a PUT with these flags and ids (none: the whole dialog) carried of a half, and the rest."""
    listed = frozenset(ids)
    if not listed:
        taken = {flag: half.whole(flag) for flag in flags}
        kept = {flag: half.whole(flag) for flag in FLAGS if flag not in flags}
        return _of(taken, {}), _of(kept, half.ids)
    of_put = {id_: _only(counts, flags) for id_, counts in half.ids.items() if id_ in listed}
    of_rest = {id_: _only(counts, _other(flags) if id_ in listed else FLAGS) for id_, counts in half.ids.items()}
    return MarkHalf(ids=_filled(of_put)), MarkHalf(half.read, half.delivered, _filled(of_rest))


def _join_whole(a: WholeDialog, b: WholeDialog) -> WholeDialog:
    names = a.names | b.names
    greatest = frozenset(sorted(names)[-NAMES_MAX:])
    return WholeDialog(a.count + b.count, greatest, a.owed or b.owed or len(names) > NAMES_MAX)


def _join_ids(a: Ids, b: Ids) -> Ids:
    joined = {id_: dict(counts) for id_, counts in a.items()}
    for id_, counts in b.items():
        mine = joined.setdefault(id_, {})
        for flag, n in counts.items():
            mine[flag] = mine.get(flag, 0) + n
    return joined


def _absorb(flag: str, whole: WholeDialog, ids: Ids) -> tuple[WholeDialog, Ids]:
    if whole.count == 0:
        return whole, ids
    absorbed = {id_: counts[flag] for id_, counts in ids.items() if flag in counts}
    left = _filled({id_: _only(counts, _other(flag)) for id_, counts in ids.items()})
    return _join_whole(whole, WholeDialog(sum(absorbed.values()), frozenset(absorbed))), left


def _unless_covered(whole: WholeDialog, covered: Collection[str]) -> WholeDialog:
    return WholeDialog() if not whole.owed and whole.names <= frozenset(covered) else whole


def _of(whole: Mapping[str, WholeDialog], ids: Ids) -> MarkHalf:
    return MarkHalf(whole.get(READ, WholeDialog()), whole.get(DELIVERED, WholeDialog()), ids)


def _only(counts: Mapping[str, int], flags: str) -> dict[str, int]:
    return {flag: n for flag, n in counts.items() if flag in flags}


def _other(flags: str) -> str:
    return "".join(flag for flag in FLAGS if flag not in flags)


def _filled(ids: Ids) -> Ids:
    return {id_: counts for id_, counts in ids.items() if counts}
