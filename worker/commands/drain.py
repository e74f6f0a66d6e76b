"""`python -m worker drain`: wait until every receipt is covered or dead."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from worker.commands.door import Door, NotEmptyError, doors
from worker.commands.live import Progress
from worker.commands.options import Age, of_applications
from worker.commands.printing import plain, print_json
from worker.draining import held_by
from worker.ledger.standing import Standing, standing
from worker.wording import many

_LOOK_EVERY_S = 0.5
# A slot that has just been sent waits out its gather time, and a lost doorbell heals within this.
_STANDS_STILL_S = 5.0


@click.command()
@of_applications
@click.option("--timeout", "timeout_ms", type=Age(), metavar="AGE", help="Give up after so long, e.g. 90s or 15m.")
def drain(*, application: str | None, as_json: bool, timeout_ms: int | None) -> None:
    """Wait until nothing is pending and nothing in flight: every receipt is covered by a PUT, or dead.

    Sends nothing itself; the workers do. Before an upgrade or a move: stop the producers, drain, stop the workers. It
    says how much is left, and, when that does not get less for 5 s, what holds it and what ends that. Progress goes to
    standard error, the result to standard output. Without --timeout it waits for as long as it takes.

    Exit code: 0 empty; 6 not empty, when the time was up or Ctrl-C was pressed.
    """
    began_s = time.monotonic()
    with doors(application) as opened:
        looks = _Looks(opened, began_s, None if timeout_ms is None else timeout_ms / 1000)
        try:
            looks.until_empty()
            why = f"after {time.monotonic() - began_s:.0f} s"
        except KeyboardInterrupt:
            why = "when it was interrupted"
        if not looks.last:
            raise NotEmptyError(f"not known to be empty: {why}, before the ledger had answered")
        held = {each.application: held_by(door.client, each) for door, each in zip(opened, looks.last, strict=True)}
    empty = all(each.is_empty for each in looks.last)
    if as_json:
        print_json({"empty": empty, "waited_s": round(time.monotonic() - began_s, 3), **_described(looks.last, held)})
    elif empty:
        click.echo(f"Empty after {time.monotonic() - began_s:.0f} s: every receipt is covered or dead.")
    if not empty:
        raise NotEmptyError(f"not empty {why}: {_left(looks.last)}{''.join(_sentences(looks.last, held))}")


@dataclass
class _Looks:
    """One look after another."""

    opened: Sequence[Door]
    began_s: float
    timeout_s: float | None
    last: Sequence[Standing] = ()

    def until_empty(self) -> None:
        """Looks until nothing is left, or the time is up."""
        with Progress() as progress:
            least, moved_s = -1, self.began_s
            while not self._is_over():
                now_s = time.monotonic()
                left = sum(each.pending + each.in_flight for each in self.last)
                if least < 0 or left < least:
                    least, moved_s = left, now_s
                progress.show(_left(self.last) + self._stands_still(now_s - moved_s))
                time.sleep(_LOOK_EVERY_S)

    def _is_over(self) -> bool:
        self.last = [standing(each.client, each.application) for each in self.opened]
        up = self.timeout_s is not None and time.monotonic() - self.began_s >= self.timeout_s
        return up or all(each.is_empty for each in self.last)

    def _stands_still(self, for_s: float) -> str:
        if for_s < _STANDS_STILL_S:
            return ""
        held = {each.application: held_by(door.client, each) for door, each in zip(self.opened, self.last, strict=True)}
        return "".join(_sentences(self.last, held)) or "\n  it does not get less"


def _left(last: Sequence[Standing]) -> str:
    pending, flying = sum(each.pending for each in last), sum(each.in_flight for each in last)
    slots = sum(each.slots_waiting + each.slots_in_flight for each in last)
    return f"{many(pending, 'receipt')} pending and {flying} in flight, in {many(slots, 'slot')}"


def _sentences(last: Sequence[Standing], held: dict[str, list[str]]) -> list[str]:
    several = len(last) > 1
    return [_line(f"{name}: {what}" if several else what) for name, whats in held.items() for what in whats]


def _line(text: str) -> str:
    """Below the first line."""
    return f"\n  {plain(text)}"


def _described(last: Sequence[Standing], held: dict[str, list[str]]) -> dict[str, Any]:
    names = ("application", "pending", "in_flight", "slots_waiting", "slots_in_flight")
    return {
        "applications": [
            {name: getattr(each, name) for name in names} | {"held_by": held[each.application]} for each in last
        ]
    }
