"""`python -m worker dead …`: dead letters listed, shown, replayed and dropped (docs/dead-letters.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Any

import click

from worker.commands.door import LetterStaysError, NoLetterError, door
from worker.commands.letter_printing import described, print_letter, print_letters
from worker.commands.options import filters, of_application
from worker.commands.printing import plain, print_json
from worker.ledger.letterbox import Letterbox, NoLetterIdError
from worker.ledger.letters import DeadLetter
from worker.letters import Wanted, drop_all, find, replay_all

_WITHOUT_SESSION = (
    "{} of them act through a session, whose token no letter holds: unless the ledger knows a newer one of the actor, "
    "they wait until a later receipt brings one, and are dead again where none comes."
)


@click.group()
def dead() -> None:
    """Dead letters: receipts that were given up, each with its reason."""


@dead.command("list")
@of_application
@filters
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Most letters.")
@click.option("--before", metavar="ID", help="Only letters before this one: the next page.")
def list_letters(*, application: str | None, as_json: bool, limit: int, before: str | None, **given: Any) -> None:
    """The newest first, without texts and the API's words."""
    with _letterbox(application) as box:
        found = list(islice(find(box, _wanted(box, given), before), limit + 1))
        counts, now_ms = box.counts(), box.now_ms()
    letters = found[:limit]
    following = letters[-1].id if len(found) > limit else None
    if as_json:
        shown = [described(letter) for letter in letters]
        print_json({"application": box.application, "letters": shown, "next": following, "counts": asdict(counts)})
        return
    print_letters(letters, now_ms)
    click.echo(
        f"{len(letters)} of {counts.letters} letters. Dead receipts: {counts.dead}, of which {counts.dropped} were "
        f"dropped and {counts.expired} have expired."
    )
    if following:
        click.echo(f"More: --before {following}")


@dead.command()
@of_application
@click.argument("letter_id", metavar="ID")
def show(*, application: str | None, as_json: bool, letter_id: str) -> None:
    """One letter with everything it holds, texts and the API's words among it: these are private."""
    with _letterbox(application) as box:
        [letter] = _named(box, [letter_id])
    if as_json:
        print_json(described(letter, private=True))
    else:
        print_letter(letter)


@dead.command()
@of_application
@filters
@click.option("--all", "every", is_flag=True, help="Every letter that the other options mean.")
@click.argument("ids", metavar="[ID]…", nargs=-1)
def replay(*, application: str | None, as_json: bool, every: bool, ids: tuple[str, ...], **given: Any) -> None:
    """Record letters' receipts again, as if they had just come; a letter goes when its receipts are back."""
    _require_one_way(ids, given, every=every)
    done: Counter[str] = Counter(replayed=0, receipts=0, absorbed=0, without_token=0)
    stay: dict[str, str] = {}
    with _letterbox(application) as box:
        for fate in replay_all(box, _meant(box, ids, given, every=every)):
            if fate.refused:
                stay[fate.letter.id] = fate.refused
            elif fate.replayed:
                done.update(replayed=1, receipts=fate.letter.receipts, absorbed=fate.replayed.absorbed)
                done["without_token"] += fate.letter.needs_token
    if as_json:
        print_json({"application": box.application, **done, "refused": stay})
    else:
        _say_replayed(done, stay)
    if stay:
        raise LetterStaysError(f"{len(stay)} letters cannot be replayed, and stay")


def _say_replayed(done: Counter[str], stay: dict[str, str]) -> None:
    click.echo(f"Replayed {done['replayed']} letters of {done['receipts']} receipts; {done['absorbed']} need no PUT.")
    if done["without_token"]:
        click.echo(_WITHOUT_SESSION.format(done["without_token"]))
    for id_, why in stay.items():
        click.echo(f"{id_} stays: {plain(why)}", err=True)


@dead.command()
@of_application
@filters
@click.option("--all", "every", is_flag=True, help="Every letter that the other options mean.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("ids", metavar="[ID]…", nargs=-1)
def drop(*, application: str | None, as_json: bool, every: bool, yes: bool, ids: tuple[str, ...], **given: Any) -> None:
    """Remove letters for good; their receipts stay counted as dead, and as dropped."""
    _require_one_way(ids, given, every=every)
    with _letterbox(application) as box:
        receipts = {letter.id: letter.receipts for letter in _meant(box, ids, given, every=every)}
        if every and not yes:
            click.confirm(f"Drop {len(receipts)} letters of {box.application} for good?", abort=True, err=True)
        dropped = drop_all(box, list(receipts))
    gone = sum(receipts[id_] for id_ in dropped)
    if as_json:
        print_json({"application": box.application, "dropped": len(dropped), "receipts": gone})
    else:
        click.echo(f"Dropped {len(dropped)} letters of {gone} receipts.")


@contextmanager
def _letterbox(application: str | None) -> Iterator[Letterbox]:
    with door(application) as opened:
        try:
            yield Letterbox(opened.client, opened.application, opened.settings.max_text_bytes)
        except NoLetterIdError as error:
            raise click.UsageError(str(error)) from error


def _wanted(box: Letterbox, given: dict[str, Any]) -> Wanted:
    older_ms, newer_ms = given["older_than"], given["newer_than"]
    now_ms = box.now_ms()
    return Wanted(
        reason=given["reason"],
        dialog_id=given["dialog"],
        message_id=given["message"],
        dead_before_ms=None if older_ms is None else now_ms - older_ms,
        dead_after_ms=None if newer_ms is None else now_ms - newer_ms,
    )


def _require_one_way(ids: Sequence[str], given: dict[str, Any], *, every: bool) -> None:
    if every == bool(ids):
        raise click.UsageError("name letters by their ids, or --all of them, which filters narrow")
    if ids and any(value is not None for value in given.values()):
        raise click.UsageError("filters go with --all")


def _meant(box: Letterbox, ids: Sequence[str], given: dict[str, Any], *, every: bool) -> Iterable[DeadLetter]:
    return find(box, _wanted(box, given)) if every else _named(box, ids)


def _named(box: Letterbox, ids: Sequence[str]) -> list[DeadLetter]:
    """The letters of these ids: all of them, or none is touched."""
    letters = {id_: box.get(id_) for id_ in ids}
    if missing := [id_ for id_, letter in letters.items() if letter is None]:
        raise NoLetterError(f"application {box.application} has no dead letter {', '.join(missing)}")
    return [letter for letter in letters.values() if letter is not None]
