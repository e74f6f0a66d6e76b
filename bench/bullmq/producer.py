"""producer.js from here."""

from collections.abc import Iterable, Sequence
from typing import Any

from bench.bullmq.program import Program
from bench.playing import text_of
from traffic.arrivals import Arrival

DEBOUNCE, KEEP_LAST = "debounce", "keepLastIfActive"

Job = dict[str, Any]


def receipts_of(arrivals: Iterable[Arrival]) -> list[Job]:
    """Arrivals as jobs.js takes them."""
    return [
        {"t_s": each.t_s, "kind": each.kind, "dialog": each.dialog, "user": each.user}
        | ({"message": each.message, "text": text_of(each)} if each.kind == "edit" else {})
        for each in arrivals
    ]


class Producer(Program):
    """A Node process with one queue, kept open; its first answer comes after it has connected.

    Args:
        redis_url: Where the queue is.
        mode: `DEBOUNCE` or `KEEP_LAST`.
        gather_s: The delay of every job.

    Raises:
        bench.bullmq.installation.MissingError: There is no BullMQ on this machine.
    """

    def __init__(self, redis_url: str, mode: str, gather_s: float) -> None:
        super().__init__("producer.js", redis_url, mode, str(round(1000 * gather_s)))

    def add(self, receipts: Sequence[Job]) -> float:
        """Add one at a time; returns the seconds that took."""
        return float(self.ask("add", receipts=receipts)["seconds"])

    def add_bulk(self, receipts: Sequence[Job], size: int) -> float:
        """Add so many in a call; returns the seconds that took."""
        return float(self.ask("addBulk", receipts=receipts, size=size)["seconds"])

    def play(self, receipts: Sequence[Job], size: int) -> list[float]:
        """Add each at its `t_s` from now, at most so many a call; returns the unix seconds just before their calls."""
        return list(self.ask("play", receipts=receipts, size=size)["added_s"])

    def waiting(self) -> int:
        """Jobs that are not done yet."""
        counts = self.ask("counts")
        return int(counts["delayed"] + counts["waiting"] + counts["active"] + counts["prioritized"])

    def failed(self) -> int:
        """Jobs that were given up."""
        return int(self.ask("counts")["failed"])
