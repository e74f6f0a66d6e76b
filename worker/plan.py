"""The plan: a claim → the PUTs it takes. Pure.

One claim sends one PUT of its plan: so the pace counts calls, and never two of a slot are in flight. What that PUT did
not carry is joined back when the claim is settled, and due at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from worker.ledger import EditClaim, MarkClaim, Part
from worker.ledger.claims import DELIVERED, READ

BOTH = READ + DELIVERED


@dataclass(frozen=True, slots=True)
class Limits:
    """What the API is taken to accept.

    Attributes:
        list_max_ids: most message ids in one path; 1 turns comma lists off. One id is documented, the SDKs send lists.
        both_flags: `read` and `delivered` may travel in one body.
    """

    list_max_ids: int
    both_flags: bool


@dataclass(frozen=True, slots=True)
class Put:
    """One `PUT /chat/Message[/{ids}].json`.

    Attributes:
        dialog_id: 24 hex digits.
        message_ids: those in the path; none for all messages of the dialog.
        flags: letters `r` and `d` for `read` and `delivered`.
        text: what the message says now; only with exactly one id.
        actor: whom it is sent for.
        token: session token; None for the API key.
    """

    dialog_id: str
    message_ids: tuple[str, ...]
    flags: str
    actor: str
    token: str | None = field(repr=False)
    text: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        # What a text without an id would do is not known; it must never leave.
        if self.text is not None and len(self.message_ids) != 1:
            raise ValueError(f"a text goes to exactly one message, not to {len(self.message_ids)}")

    @property
    def part(self) -> Part:
        """What it carries of its claim."""
        return Part(self.flags, () if self.text is not None else self.message_ids)

    @property
    def path(self) -> str:
        """The path of the call; several ids as a comma list."""
        ids = ",".join(self.message_ids)
        return f"/chat/Message/{ids}.json" if ids else "/chat/Message.json"

    @property
    def body(self) -> dict[str, str]:
        """The JSON body; flags are `"1"`, as in every recipe of the API's page."""
        body = {"chat_dialog_id": self.dialog_id}
        if READ in self.flags:
            body["read"] = "1"
        if DELIVERED in self.flags:
            body["delivered"] = "1"
        if self.text is not None:
            body["message"] = self.text
        return body


def plan(claim: MarkClaim | EditClaim, limits: Limits) -> Iterator[Put]:
    """The PUTs that cover a claim; at least one."""
    if isinstance(claim, EditClaim):
        yield Put(claim.dialog_id, (claim.message_id,), "", claim.actor, claim.token, claim.text)
        return
    for flags in _separately(_whole_dialog(claim), limits):
        yield Put(claim.dialog_id, (), flags, claim.actor, claim.token)
    most = min(limits.list_max_ids, claim.list_limit or limits.list_max_ids)
    for flags, ids in _groups(claim, limits):
        for start in range(0, len(ids), most):
            yield Put(claim.dialog_id, ids[start : start + most], flags, claim.actor, claim.token)


def next_put(claim: MarkClaim | EditClaim, limits: Limits) -> Put:
    """The PUT that this claim sends: each claim of a slot takes the next in turn.

    Always the first would starve the others where newcomers keep asking for it.
    """
    puts = list(plan(claim, limits))
    return puts[claim.turn % len(puts)]


def _whole_dialog(claim: MarkClaim) -> str:
    return (READ if claim.read_all else "") + (DELIVERED if claim.delivered_all else "")


def _separately(flags: str, limits: Limits) -> list[str]:
    return [flags] if limits.both_flags and flags else list(flags)


def _groups(claim: MarkClaim, limits: Limits) -> Iterator[tuple[str, tuple[str, ...]]]:
    for group in (BOTH, READ, DELIVERED) if limits.both_flags else (READ, DELIVERED):
        ids = tuple(
            id_ for id_, flags in claim.ids.items() if (flags == group if limits.both_flags else group in flags)
        )
        if ids:
            yield group, ids
