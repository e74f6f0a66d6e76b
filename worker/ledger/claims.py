"""Claims: slots taken for sending, as claim.lua answers them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from receipt_sync import validation
from receipt_sync.sealing import UnknownKeyError
from receipt_sync.tracing import TRACEPARENT

READ, DELIVERED = "r", "d"
_TURNS = 1024  # lua/claim.lua
_ACTOR = re.compile(r"[us][0-9]{1,19}|t[0-9a-f]{32}", re.ASCII)


class UnreadableSlotError(ValueError):
    """A claimed slot holds bytes that no receipt could have put there.

    Attributes:
        slot: its id.
        generation: of the claim, so that it can be settled.
    """

    def __init__(self, slot: str, generation: int, what: str) -> None:
        super().__init__(slot, generation, what)
        self.slot = slot
        self.generation = generation
        self.what = what


class SealedTokenError(ValueError):
    """A claimed slot's session token was sealed with a key that this worker has not got.

    Attributes:
        slot: its id.
        generation: of the claim, so that it can be settled.
    """

    def __init__(self, slot: str, generation: int, what: str) -> None:
        super().__init__(slot, generation, what)
        self.slot = slot
        self.generation = generation
        self.what = what


@dataclass(frozen=True, slots=True)
class Claim:
    """What every claim has.

    Attributes:
        slot: the slot's id.
        generation: settle with this one.
        attempts: failed attempts in a row before this one.
        recorded_ms: when its oldest receipt was recorded, Redis' clock.
        dialog_id: 24 hex digits.
        actor: `u<user id>`, `s<user id>` or `t<digest>` (receipt_sync/actors.py).
        token: session token to send with; None for the API key.
        claimed_s: local monotonic time just before the claim was asked for: the lease runs at least from here.
        traces: W3C `traceparent` of the producers' calls that its last few receipts came from.
    """

    slot: str
    generation: int
    attempts: int
    recorded_ms: int
    dialog_id: str
    actor: str
    token: str | None = field(repr=False)
    claimed_s: float
    traces: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def turn(self) -> int:
        """Goes up by one, and round, with each claim of the slot."""
        return self.generation % _TURNS


@dataclass(frozen=True, slots=True)
class MarkClaim(Claim):
    """A mark slot's claimed half.

    Attributes:
        read_all: whole-dialog read receipts; more than 0 asks for the PUT without id.
        delivered_all: the same for delivered.
        ids: message id → letters of its flags (`r`, `d`).
        list_limit: most ids in the next list, learnt from lists that were rejected; None where none was.
    """

    read_all: int
    delivered_all: int
    ids: Mapping[str, str]
    list_limit: int | None


@dataclass(frozen=True, slots=True)
class EditClaim(Claim):
    """An edit slot's claimed half: the winner of the edits that were pending."""

    message_id: str
    revision: int
    text: str = field(repr=False)


def parse_claim(
    answer: Sequence[bytes | int], claimed_s: float, unseal: Callable[[str, str], str] = lambda token, _actor: token
) -> MarkClaim | EditClaim:
    """One slot of claim.lua's answer.

    Args:
        answer: claim.lua's, for this slot.
        claimed_s: local monotonic time just before the claim was asked for.
        unseal: opens a token as it lies in Redis, given with its actor.

    Raises:
        SealedTokenError: its token was sealed with a key that is not here.
        UnreadableSlotError: the slot's fields are not what the functions write.
    """
    slot, generation = _slot(answer[0]), int(answer[1])
    # All parts but the traces come in pairs.
    traces = _traces(answer[-1]) if len(answer) % 2 else ()
    answer = answer[: len(answer) // 2 * 2]
    try:
        kind, dialog_id, last = slot.split(":")
        claim = _BY_KIND[kind](answer, slot, generation, dialog_id, last, claimed_s)
        if claim.token is not None:
            claim = replace(claim, token=unseal(claim.token, claim.actor))
        claim = _checked(claim)
        return replace(claim, traces=traces) if traces else claim
    except UnknownKeyError as error:
        raise SealedTokenError(slot, generation, str(error)) from error
    except (ValueError, LookupError) as error:
        raise UnreadableSlotError(slot, generation, f"{type(error).__name__}: {error}") from error


def _traces(value: bytes | int) -> tuple[str, ...]:
    """Those that are traces: a slot is sent, whatever stands there."""
    found = TRACEPARENT.finditer(value.decode(errors="replace") if isinstance(value, bytes) else "")
    return tuple(trace[0] for trace in found)


def _checked(claim: MarkClaim | EditClaim) -> MarkClaim | EditClaim:
    """What travels in a path or a header has to be what recording has let in, whoever has had a hand in it since."""
    ids = claim.ids if isinstance(claim, MarkClaim) else (claim.message_id,)
    for id_ in (claim.dialog_id, *ids):
        validation.object_id("id", id_)
    if not _ACTOR.fullmatch(claim.actor):
        raise ValueError("no actor")
    if claim.token is not None:
        validation.token(claim.token)
    return claim


def _mark(
    answer: Sequence[bytes | int], slot: str, generation: int, dialog_id: str, actor: str, claimed_s: float
) -> MarkClaim:
    return MarkClaim(
        slot=slot,
        generation=generation,
        attempts=int(answer[2]),
        recorded_ms=int(answer[3]),
        dialog_id=dialog_id,
        actor=actor,
        token=_text(answer[4]) or None,
        claimed_s=claimed_s,
        list_limit=int(answer[5]) or None,
        read_all=int(answer[6]),
        delivered_all=int(answer[7]),
        ids=_flags_by_id([_text(member) for member in answer[8::2]]),
    )


def _flags_by_id(members: Sequence[str]) -> dict[str, str]:
    flags: dict[str, str] = {}
    for member in sorted(members, reverse=True):  # 'r…' before 'd…': letters always read 'rd'
        flags[member[1:]] = flags.get(member[1:], "") + member[:1]
    return dict(sorted(flags.items()))


def _edit(
    answer: Sequence[bytes | int], slot: str, generation: int, dialog_id: str, message_id: str, claimed_s: float
) -> EditClaim:
    return EditClaim(
        slot=slot,
        generation=generation,
        attempts=int(answer[2]),
        recorded_ms=int(answer[3]),
        dialog_id=dialog_id,
        actor=_text(answer[5]),
        token=_text(answer[4]) or None,
        claimed_s=claimed_s,
        message_id=message_id,
        revision=int(answer[6]),
        text=_text(answer[7]),
    )


_BY_KIND: Mapping[str, Callable[..., MarkClaim | EditClaim]] = {"m": _mark, "e": _edit}


def _slot(value: bytes | int) -> str:
    """A slot's id; bytes that are no UTF-8 are kept (`surrogateescape`), so that it can be settled by them."""
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else str(value)


def _text(value: bytes | int) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
