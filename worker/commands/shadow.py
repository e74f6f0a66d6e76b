"""`python -m worker shadow`: how many calls would be saved at which gather time, before anything is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import click

from worker.commands.door import door, known_application, loaded
from worker.commands.live import Progress
from worker.commands.options import Age, of_application
from worker.commands.printing import print_json, print_table, table_of
from worker.plan import Limits
from worker.shadow.counting import Count, Gather
from worker.shadow.journal import JournalError, Keeper, notes_of
from worker.shadow.notes import Note
from worker.shadow.stream import Stream
from worker.wording import many

_WAITS_S = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)
_HEADER = ("gather time", "PUTs", "saved", "longest wait", "busiest second")
_LOOK_MS = 500
_AT_ONCE = 10_000


@click.command()
@of_application
@click.argument("files", metavar="[FILE]…", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--wait", "waits", type=click.FloatRange(0, 3600), multiple=True, help="A gather time in s; more than once."
)
@click.option("--without-names", is_flag=True, help="FILE: as if no mark named the message that caused it.")
@click.option("--for", "for_ms", type=Age(), metavar="AGE", help="Live: end after so long; else Ctrl-C ends it.")
@click.option("--since", "since_ms", type=Age(), metavar="AGE", default="0s", help="Live: begin so long ago.")
@click.option("--keep", type=click.Path(path_type=Path), help="Live: write what is seen into this new journal.")
def shadow(
    *,
    application: str | None,
    as_json: bool,
    files: tuple[Path, ...],
    waits: tuple[float, ...],
    without_names: bool,
    for_ms: int | None,
    since_ms: int,
    keep: Path | None,
) -> None:
    """How many PUTs would be sent, and so saved, at which gather time. Sends and records nothing.

    With FILEs it replays journals: CSV or gzip CSV with the columns t,kind,dialog,user,message,revision; t in seconds,
    sorted; kind read, delivered, read_message, delivered_message or edit. Without, it watches live traffic: what web
    apps note by `receipt_sync.ShadowQueue`, which takes a ReceiptQueue's calls and only notes them, beside the calls
    they make themselves. No text and no token is noted.

    For each gather time: PUTs; the share saved, against a call for each receipt; how long a receipt waits at most; PUTs
    in the busiest second. The last line is these settings while the pace has room (RECEIPTS_GATHER_MIN_S,
    RECEIPTS_GATHER_MAX_S). Rates, retries and failures are not played: where the busiest second is above the rate,
    receipts wait longer and more is saved.
    """
    settings = loaded()
    of = settings.application(known_application(settings, application))
    limits = Limits(of.list_max_ids if of.comma_lists else 1, of.both_flags)
    fixed = [Gather(wait_s, wait_s) for wait_s in sorted(set(waits or _WAITS_S))]
    configured = Gather(settings.gather_min_s, settings.gather_max_s)
    counts = [Count(gather, limits, settings.remember_s) for gather in (*fixed, configured)]
    if files and (for_ms is not None or since_ms or keep):
        raise click.UsageError("--for, --since and --keep go without FILE")
    if files:
        lasted_s = _replay(files, counts, named=not without_names)
    else:
        lasted_s = _watch(of.name, counts, for_ms, since_ms, keep)
    _say(of.name, counts, lasted_s, of.rate_per_s, as_json=as_json)


def _replay(files: Sequence[Path], counts: Sequence[Count], *, named: bool) -> float:
    first_s, last_s = None, 0.0
    try:
        notes = notes_of(files, named=named)
        while some := list(islice(notes, _AT_ONCE)):
            first_s, last_s = some[0].t_s if first_s is None else first_s, some[-1].t_s
            for each in counts:
                each.take(some)
    except (JournalError, OSError) as error:
        raise click.UsageError(str(error)) from error
    for each in counts:
        each.end()
    return last_s - (first_s or 0.0)


def _watch(application: str, counts: Sequence[Count], for_ms: int | None, since_ms: int, keep: Path | None) -> float:
    try:
        kept = closing(Keeper(keep)) if keep else nullcontext()
    except OSError as error:
        raise click.UsageError(f"--keep: {error.strerror}: {keep}") from error
    began_s = time.monotonic()
    with door(application) as opened, kept as keeper, Progress() as progress:
        stream = Stream(opened.client, opened.application, since_ms)
        for notes, now_s in _seen(stream, began_s, for_ms):
            if keeper:
                keeper.keep(notes)
            for each in counts:
                each.take(notes)
                each.advance(now_s)
            rows = [_row(each, 0, is_set=each is counts[-1]) for each in counts]
            progress.show(f"{many(counts[0].receipts, 'receipt')} so far", table_of(rows, _HEADER, {}))
    lasted_s = time.monotonic() - began_s + since_ms / 1000
    for each in counts:
        each.end()
    return lasted_s


def _seen(stream: Stream, began_s: float, for_ms: int | None) -> Iterator[tuple[list[Note], float]]:
    """What comes, and until when that is all, by Redis' clock; ends with the time, or with Ctrl-C."""
    try:
        while for_ms is None or (time.monotonic() - began_s) * 1000 < for_ms:
            yield stream.next(_LOOK_MS), stream.now_ms() / 1000
    except KeyboardInterrupt:
        return


def _name(gather: Gather) -> str:
    if gather.least_s == gather.most_s:
        return f"{gather.most_s:g} s"
    return f"{gather.least_s:g} to {gather.most_s:g} s"


def _say(application: str, counts: Sequence[Count], lasted_s: float, rate_per_s: float, *, as_json: bool) -> None:
    receipts = counts[0].receipts
    if as_json:
        described = [_described(each) for each in counts]
        print_json(
            {"application": application, "receipts": receipts, "seconds": round(lasted_s, 3), "waits": described}
        )
        return
    per_s = f", {receipts / lasted_s:.1f} a second" if lasted_s > 0 else ""
    click.echo(f"{many(receipts, 'receipt')} in {lasted_s:.0f} s{per_s}: a call each without receipt sync.")
    if not receipts:
        click.echo("Nothing was noted: do the web apps call a `receipt_sync.ShadowQueue` of this application?")
        return
    print_table([_row(each, rate_per_s, is_set=each is counts[-1]) for each in counts], header=_HEADER)


def _row(each: Count, rate_per_s: float, *, is_set: bool) -> tuple[str, ...]:
    above = f" (the rate is {rate_per_s:g})" if rate_per_s and each.busiest > rate_per_s else ""
    name = f"{_name(each.gather)}, as set" if is_set else _name(each.gather)
    return name, str(each.puts), _saved(each), f"{each.longest_s:.2f} s", f"{each.busiest}{above}"


def _saved(each: Count) -> str:
    return "-" if each.waiting and not each.puts else f"{each.saved:.1%}"


def _described(each: Count) -> dict[str, Any]:
    return {
        "gather_min_s": each.gather.least_s,
        "gather_max_s": each.gather.most_s,
        "puts": each.puts,
        "absorbed": each.absorbed,
        "saved": round(each.saved, 6),
        "longest_wait_s": round(each.longest_s, 3),
        "busiest_second": each.busiest,
    }
