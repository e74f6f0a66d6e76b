"""`python -m worker inspect DIALOG`: what of one dialog waits, is under way, was sent, died, and why it is not sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain, islice
from typing import Any

import click

from receipt_sync import keys
from worker.commands.door import Door, door
from worker.commands.letter_printing import described, print_letters
from worker.commands.options import ObjectId, of_application
from worker.commands.printing import ago, plain, print_json, print_table, until, utc
from worker.ledger.letterbox import Letterbox
from worker.ledger.letters import DeadLetter
from worker.ledger.searching import KEYS_LOOKED_AT, slots_of
from worker.ledger.slots import Half, Slot, look_at
from worker.ledger.standing import Standing, standing
from worker.letters import Wanted, find
from worker.reasons import Reason, why_not_sent
from worker.wording import many

_SLOTS_SHOWN, _LETTERS_SHOWN, _LETTERS_LOOKED_AT, _IDS_SHOWN = 50, 10, 5_000, 3
_PART_OF_REDIS = f"Only {KEYS_LOOKED_AT:,} keys were looked at: slots at rest may be missing, others are not."


@click.command()
@of_application
@click.argument("dialog_id", metavar="DIALOG", type=ObjectId())
@click.option("--user", "users", type=click.IntRange(min=1), multiple=True, help="Only this user's; more than once.")
@click.option("--message", "messages", type=ObjectId(), multiple=True, help="Only its edits; more than once.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=_SLOTS_SHOWN, show_default=True, help="Most slots.")
def inspect(
    *,
    application: str | None,
    as_json: bool,
    dialog_id: str,
    users: tuple[int, ...],
    messages: tuple[str, ...],
    limit: int,
) -> None:
    """What the ledger knows of a DIALOG, slot by slot.

    A slot is where receipts gather for one PUT: all marks of one actor in the dialog, or all edits of one message. For
    each: what is pending and in flight, when its last PUT went out, what was recorded and covered so far, and why it is
    not sent now; then the dialog's newest dead letters. Without --user and --message all slots of the dialog are shown,
    those with something to do first.

    An actor is u123 (user 123 by the API key), s123 (user 123 by a session) or t… (a session of a user who was not
    said). A slot with nothing to do is remembered for RECEIPTS_REMEMBER_S. Texts and tokens are never shown.

    Why it is not sent: `not yet due`, `pace`, `hold`, `breaker`, `pause`, `actor stopped`, `backoff`, `in doubt`,
    `in flight`, `next`, `no worker`, `nothing`, `dead letter`, `unreadable`; each is explained where it is shown.
    """
    with door(application) as opened:
        named, whole_way = _named(opened, dialog_id, users, messages)
        of = standing(opened.client, opened.application)
        slots = _wanted(look_at(opened.client, opened.application, named), users, messages)
        letters = _letters(opened, dialog_id, slots, everything=not (users or messages))
    shown = sorted(slots, key=_first_what_waits)[:limit]
    if as_json:
        print_json(_described(dialog_id, of, shown, letters) | {"slots_found": len(slots), "complete": whole_way})
        return
    _print(dialog_id, of, shown, len(slots), by_user=bool(users))
    if not whole_way:
        click.echo(_PART_OF_REDIS)
    if letters:
        click.echo("\ndead letters, the newest first (`dead show ID` has everything):")
        print_letters(letters, of.now_ms)


def _named(opened: Door, dialog_id: str, users: Sequence[int], messages: Sequence[str]) -> tuple[list[str], bool]:
    """Slots that the options name, and those that have to be looked for: an edit's says nothing of its user."""
    if not users and not messages:
        return slots_of(opened.client, opened.application, [f"m:{dialog_id}:*", f"e:{dialog_id}:*"])
    marks = [keys.mark_slot(dialog_id, f"{kind}{user}") for user in users for kind in "us"]
    edits = [keys.edit_slot(dialog_id, message) for message in messages]
    found, whole_way = slots_of(opened.client, opened.application, [f"e:{dialog_id}:*"]) if users else ([], True)
    return list(dict.fromkeys(chain(marks, edits, found))), whole_way


def _wanted(slots: Sequence[Slot], users: Sequence[int], messages: Sequence[str]) -> list[Slot]:
    """Those that are there, and are meant."""
    there = [each for each in slots if each.recorded or each.pending or each.in_flight or not each.readable]
    if not users and not messages:
        return there
    actors = {f"{kind}{user}" for user in users for kind in "us"}
    return [each for each in there if each.actor in actors or each.message_id in messages]


def _first_what_waits(slot: Slot) -> tuple[bool, bool, int, str]:
    due_ms = slot.due_ms or 0
    return slot.in_flight is None, slot.pending is None, due_ms or -(slot.last_put_ms or 0), slot.slot


def _letters(opened: Door, dialog_id: str, slots: Sequence[Slot], *, everything: bool) -> list[DeadLetter]:
    """The newest of the dialog, among the newest of the application."""
    box = Letterbox(opened.client, opened.application, opened.settings.max_text_bytes)
    of_slots = {each.slot for each in slots}
    looked_at = islice(find(box, Wanted()), _LETTERS_LOOKED_AT)
    meant = (each for each in looked_at if each.dialog_id == dialog_id and (everything or each.slot in of_slots))
    return list(islice(meant, _LETTERS_SHOWN))


def _described(dialog_id: str, of: Standing, slots: Sequence[Slot], letters: Sequence[DeadLetter]) -> dict[str, Any]:
    described_slots = [
        asdict(each) | {"why_not_sent": [asdict(reason) for reason in why_not_sent(each, of)]} for each in slots
    ]
    return {
        "application": of.application,
        "dialog_id": dialog_id,
        "now_ms": of.now_ms,
        "state": of.state,
        "slots": described_slots,
        "dead_letters": [described(letter) for letter in letters],
    }


def _print(dialog_id: str, of: Standing, slots: Sequence[Slot], found: int, *, by_user: bool) -> None:
    if not slots:
        click.echo(
            f"Nothing is known of that in dialog {dialog_id} of {of.application}: not recorded, or forgotten since."
        )
        if by_user:
            click.echo("Whose an edit was is forgotten once it is sent: look for it with --message.")
        return
    click.echo(f"dialog {dialog_id} of {of.application}: {many(found, 'slot')}, {len(slots)} shown")
    for each in slots:
        click.echo()
        print_table([(name, plain(text)) for name, text in _rows(each, of)])


def _rows(slot: Slot, of: Standing) -> list[tuple[str, str]]:
    now_ms = of.now_ms
    rows = [(slot.kind, f"of message {slot.message_id}" if slot.message_id else f"of actor {slot.actor}")]
    if slot.message_id and slot.actor:
        rows.append(("actor", slot.actor))
    rows += [("pending", _half(slot.pending, now_ms)), ("in flight", _half(slot.in_flight, now_ms))]
    rows.append(("last PUT", f"{ago(slot.last_put_ms, now_ms)}  {utc(slot.last_put_ms)}".rstrip()))
    rows.append(("receipts", f"{slot.recorded} recorded, {slot.covered} covered, {slot.dead} dead"))
    rows += [("why not sent" if not nth else "and", _reason(each, now_ms)) for nth, each in _whys(slot, of)]
    return rows


def _whys(slot: Slot, of: Standing) -> list[tuple[int, Reason]]:
    return list(enumerate(why_not_sent(slot, of)))


def _reason(reason: Reason, now_ms: int) -> str:
    ends = f" ({until(reason.until_ms, now_ms)})" if reason.until_ms else ""
    return f"{reason.name}: {reason.says}{ends}"


def _half(half: Half | None, now_ms: int) -> str:
    if half is None:
        return "nothing"
    parts = [f"{half.read} read" if half.read else "", f"{half.delivered} delivered" if half.delivered else ""]
    if half.listed:
        more = f" +{len(half.listed) - _IDS_SHOWN}" if len(half.listed) > _IDS_SHOWN else ""
        parts.append("messages " + ", ".join(f"{id_} ({flags})" for id_, flags in half.listed[:_IDS_SHOWN]) + more)
    if half.revision is not None:
        parts.append(f"the edit of revision {half.revision}")
    what = "; ".join(filter(None, parts))
    return f"{many(half.receipts, 'receipt')} ({what}), the oldest recorded {ago(half.since_ms, now_ms)}"
