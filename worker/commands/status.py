"""`python -m worker status`: how each application stands, read from the ledger."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from worker.alerts import WORDS
from worker.commands.door import doors
from worker.commands.options import of_applications
from worker.commands.printing import plain, print_json, print_table, utc
from worker.ledger.standing import Breaker, Standing, standing

_STATES = {
    "paused": "paused by hand: nothing is sent until `resume`",
    "open": "held by the breaker: one call is tried now and then",
    "held": "held for a while: the API throttles",
    "sending": "sends what is due",
}


@click.command()
@of_applications
def status(*, application: str | None, as_json: bool) -> None:
    """How each application stands: what waits, how fast it may call, and what keeps it from calling."""
    with doors(application) as opened:
        found = [standing(each.client, each.application) for each in opened]
    if as_json:
        print_json({"applications": [_described(each) for each in found]})
        return
    for nth, each in enumerate(found):
        if nth:
            click.echo()
        print_table([(name, plain(text)) for name, text in _rows(each)])


def _described(each: Standing) -> dict[str, Any]:
    return {"application": each.application, "state": each.state} | asdict(each)


def _rows(each: Standing) -> list[tuple[str, str]]:
    now_ms = each.now_ms
    slots = f"{each.slots_waiting} wait, {each.slots_due} of them are due; {each.slots_in_flight} in flight"
    rows = [
        ("application", each.application),
        ("state", _STATES[each.state]),
        ("receipts", f"{each.pending} pending, {each.in_flight} in flight"),
        ("slots", slots),
        ("oldest wait", "nothing waits" if each.oldest_wait_s is None else f"{each.oldest_wait_s:.1f} s"),
        ("rate", _rate(each)),
        ("hold", f"until {_at(each.hold_until_ms, now_ms)}" if each.hold_until_ms else "none"),
        ("breaker", _breaker(each.breaker, now_ms)),
        ("pause", f"since {utc(each.paused.since_ms)}: {each.paused.why}" if each.paused else "none"),
        ("dead", f"{each.dead_letters} letters; {each.dead} receipts so far"),
        ("PUTs", ", ".join(f"{count} {verdict}" for verdict, count in each.puts.items())),
    ]
    if each.notices or each.notices_lost:
        rows.append(("notices", f"{each.notices} wait for their readers, {each.notices_lost} lost for want of one"))
    if each.unreadable:
        rows.append(("unreadable", f"{', '.join(each.unreadable)}: of another type than it should be"))
    return rows


def _rate(each: Standing) -> str:
    configured = "no limit is configured" if each.configured_per_s is None else f"{each.configured_per_s:g}/s at most"
    if each.rate_per_s is None:
        return configured
    return f"{each.rate_per_s:.4g}/s now, {configured}; {each.calls_last_s} calls in the last second"


def _breaker(breaker: Breaker, now_ms: int) -> str:
    if breaker.why is None:
        return "shut"
    since, probe = utc(breaker.since_ms), _at(breaker.next_probe_ms or 0, now_ms)
    return f"open since {since}: {WORDS[breaker.why]}; next probe at {probe}"


def _at(ms: int, now_ms: int) -> str:
    return f"{utc(ms)}, in {max(0, ms - now_ms) / 1000:.1f} s"
