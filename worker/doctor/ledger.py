"""The ledger of one application: whether its accounts balance, its keys can be read, and what holds calls back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import redis

from receipt_sync import keys
from receipt_sync.cluster import node_of
from settings import Application, Settings
from worker.doctor.findings import Finding, fault, ok, unseen, warning
from worker.draining import of_application
from worker.ledger.letterbox import Letterbox
from worker.ledger.policy import policy_of
from worker.ledger.reading import shown
from worker.ledger.searching import first_slots
from worker.ledger.slots import Slot, look_at
from worker.ledger.standing import Standing, standing

_SLOTS_LOOKED_AT, _LETTERS_SUMMED, _PAGE, _NAMED = 200, 10_000, 500, 5
_SPARED = "something else than our own code has written there; see who can reach this Redis"


def examine_ledger(settings: Settings, application: Application, client: redis.Redis) -> list[Finding]:
    """What its keys say.

    Raises:
        redis.RedisError: it was not reached.
    """
    of = standing(client, application.name)
    slots = look_at(client, of.application, first_slots(client, of.application, _SLOTS_LOOKED_AT))
    found = [balance(of), slots_balance(slots, of.application), _letters(settings, client, of)]
    found += [*_keys(client, of), *_policy(settings, application, client)]
    if of.notices_lost:
        found.append(
            warning(
                "notices",
                f"{of.notices_lost} made room for newer ones before somebody read them",
                "the application's hook is too slow, or gone (docs/hooks.md)",
                of.application,
            )
        )
    found += [warning("calls", what, "see `status` and `inspect`", of.application) for what in of_application(of, None)]
    return [each for each in found if each]


def balance(of: Standing) -> Finding:
    """Recorded = covered + dead + pending + in flight, in total."""
    says = (
        f"{of.recorded} recorded, {of.covered} covered, {of.dead} dead, {of.pending} pending, {of.in_flight} in flight"
    )
    if of.balance == 0:
        return ok("accounts", f"they balance: {says}", of.application)
    return fault(
        "accounts",
        f"they do not balance by {of.balance}: {says}",
        "somebody has written into the ledger, or Redis came back with a part of it: restore it as a whole, or keep "
        "the counts and report this; receipts in slots are sent all the same",
        of.application,
    )


def slots_balance(slots: Sequence[Slot], application: str) -> Finding:
    """The same of single slots."""
    wrong = [each.slot for each in slots if not each.readable or _left(each)]
    if not wrong:
        return ok("accounts", f"each of the slots looked at balances ({len(slots)})", application)
    named = ", ".join(wrong[:_NAMED])
    return fault("accounts", f"{len(wrong)} of {len(slots)} slots do not balance: {named}", _SPARED, application)


def _left(slot: Slot) -> int:
    held = sum(half.receipts for half in (slot.pending, slot.in_flight) if half)
    return slot.recorded - slot.covered - slot.dead - held


def _letters(settings: Settings, client: redis.Redis, of: Standing) -> Finding | None:
    """Dead = receipts in letters + dropped + expired; not summed where there are very many."""
    if {"dead", "counts"} & set(of.unreadable):
        return None  # named among the keys
    box = Letterbox(client, of.application, settings.max_text_bytes)
    counts = box.counts()
    if counts.letters > _LETTERS_SUMMED:
        return unseen("dead letters", f"{counts.letters} letters: too many to sum here", "`dead list`", of.application)
    receipts, before = 0, None
    while page := box.newest(_PAGE, before):
        receipts += sum(letter.receipts for letter in page)
        before = page[-1].id
    says = f"{counts.dead} dead receipts: {receipts} in {counts.letters} letters, {counts.dropped} dropped, "
    says += f"{counts.expired} expired"
    if counts.dead == receipts + counts.dropped + counts.expired or standing(client, of.application).dead != of.dead:
        return ok("dead letters", says, of.application)
    mend = "letters were removed by another hand than `dead drop`: " + _SPARED
    return fault("dead letters", f"they do not add up: {says}", mend, of.application)


def _keys(client: redis.Redis, of: Standing) -> Iterator[Finding]:
    if of.unreadable:
        yield fault("keys", f"of another type than they should be: {', '.join(of.unreadable)}", _SPARED, of.application)
    asking: Any = node_of(client, keys.prefix(of.application))
    try:
        broken = asking.hgetall(f"{keys.prefix(of.application)}:broken")
    except redis.ResponseError:
        yield fault("keys", "the list of what was set aside cannot be read itself", _SPARED, of.application)
        return
    for name, why in list(broken.items())[:_NAMED]:
        yield fault(
            "keys",
            f"{shown(name)} was set aside: {shown(why)}",
            f"look at it, then HDEL {keys.prefix(of.application)}:broken and the key; {_SPARED}",
            of.application,
        )
    if not (of.unreadable or broken):
        yield ok("keys", "all of them can be read, none was set aside", of.application)


def _policy(settings: Settings, application: Application, client: redis.Redis) -> Iterator[Finding]:
    """What the workers' settings said when they started, beside what they are here."""
    asking: Any = node_of(client, keys.prefix(application.name))
    try:
        stored = asking.hgetall(f"{keys.prefix(application.name)}:policy")
    except redis.ResponseError:
        return  # named among the keys
    if not stored:
        yield unseen("settings", "no worker has published its settings here yet", "start one", application.name)
        return
    published = {shown(name): shown(value) for name, value in stored.items()}
    others = {name: (value, published.get(name)) for name, value in policy_of(settings, application).items()}
    differ = [
        f"{name} {here} here, {there or 'nothing'} there" for name, (here, there) in others.items() if here != there
    ]
    if differ:
        yield warning(
            "settings",
            f"the workers run with other settings than this environment has: {'; '.join(differ)}",
            "the same environment for all; a worker publishes its settings when it starts",
            application.name,
        )
    else:
        yield ok("settings", "the workers run with this environment's", application.name)
