"""Why a slot is not sent now. Pure: what was read of a slot and of its application → reasons, the strongest first.

in flight      its PUT is under way; what came since waits for the next
nothing        nothing is pending in it
dead letter    nothing is pending in it, and some of its receipts have died
pause          somebody has paused the application
breaker        the API fails, or refuses the key: one call is tried now and then
hold           the API throttles
actor stopped  the session was refused: another token is waited for; or there are no credentials at all
in doubt       an earlier PUT of this edit had no answer, and may still be applied
backoff        the last attempt failed
not yet due    it still gathers, or its last PUT has just gone out
pace           it is due: others are due before it, and the rate is used up
next           it is due, and a worker is about to take it
no worker      it has been due for longer than a worker needs to notice
unreadable     its key holds no slot
"""

from __future__ import annotations

from dataclasses import dataclass

from worker.ledger.slots import Slot
from worker.ledger.standing import Standing

# A ticker looks every second, and a doorbell that was lost is rung anew after three.
NOTICED_MS = 5_000
_SESSIONS = ("s", "t")
_TURNS = ("next", "pace", "no worker")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its name in a word or two, and what there is to say; `until_ms` where it ends by itself."""

    name: str
    says: str
    until_ms: int | None = None


def why_not_sent(slot: Slot, of: Standing) -> list[Reason]:
    """What keeps a slot from being sent, the strongest first; `of` is its application."""
    if not slot.readable:
        return [Reason("unreadable", "its key holds something else than a slot; a worker sets it aside by name")]
    found = [*_flying(slot, of)]
    if slot.pending is None:
        return found or [_nothing(slot)]
    held, own = _application(of), _own(slot, of)
    # That it is due says nothing while the whole application is held.
    return found or [*held, *(each for each in own if not held or each.name not in _TURNS)]


def _nothing(slot: Slot) -> Reason:
    if slot.dead:
        return Reason("dead letter", f"nothing is pending; {slot.dead} of its receipts have died: `dead list --dialog`")
    return Reason("nothing", "nothing is pending in it")


def _flying(slot: Slot, of: Standing) -> list[Reason]:
    if slot.in_flight is None:
        return []
    if slot.lease_ms is not None and slot.lease_ms <= of.now_ms:
        return [Reason("in flight", "its worker has died or hangs: the lease is over, and a ticker takes it back")]
    return [Reason("in flight", "its PUT is under way; at the latest its lease ends it", slot.lease_ms)]


def _application(of: Standing) -> list[Reason]:
    found = []
    if of.paused:
        found.append(Reason("pause", f"paused by hand: {of.paused.why}; `resume` ends it"))
    if of.breaker.why == "key":
        found.append(Reason("breaker", "the API refuses the key; one call is tried now and then", _probe(of)))
    elif of.breaker.why:
        found.append(Reason("breaker", "the API fails; one call is tried now and then", _probe(of)))
    if of.hold_until_ms:
        found.append(Reason("hold", "the API throttles (429)", of.hold_until_ms))
    return found


def _probe(of: Standing) -> int | None:
    return of.breaker.next_probe_ms


def _own(slot: Slot, of: Standing) -> list[Reason]:
    if slot.waits_since_ms:
        return [_stopped(slot)]
    if slot.due_ms is None:
        return [Reason("unreadable", "something is pending, and it stands neither in due nor in leases")]
    if slot.due_ms > of.now_ms:
        return [_later(slot, of)]
    return [_due(slot, of)]


def _stopped(slot: Slot) -> Reason:
    if slot.actor.startswith(_SESSIONS):
        return Reason("actor stopped", "its session was refused: the next receipt with another token sends it")
    return Reason("actor stopped", "neither an API key nor a session can send for it", slot.due_ms)


def _later(slot: Slot, of: Standing) -> Reason:
    if slot.lands_ms and slot.lands_ms > of.now_ms and slot.lands_ms == slot.due_ms:
        return Reason("in doubt", "an earlier PUT of this message had no answer and may still be applied", slot.due_ms)
    if slot.failures or slot.trouble:
        tried = f"{slot.failures} failed in a row" if slot.failures else "it failed"
        return Reason("backoff", f"{tried}, the last: {slot.trouble or 'not known'}", slot.due_ms)
    return Reason("not yet due", "it gathers what else its PUT can carry", slot.due_ms)


def _due(slot: Slot, of: Standing) -> Reason:
    if of.rate_per_s is not None and (of.calls_last_s or 0) >= max(1, int(of.rate_per_s) - 1):
        return Reason("pace", f"{slot.ahead} slots are due before it, at {of.rate_per_s:.4g} calls a second")
    overdue_ms = of.now_ms - (slot.due_ms or of.now_ms)
    if overdue_ms > NOTICED_MS:
        return Reason("no worker", f"due for {overdue_ms / 1000:.0f} s and nobody takes it: does a worker run?")
    return Reason("next", f"due, {slot.ahead} slots before it")
