"""producer.js from here: commands to its stdin, answers from its stdout."""

import json
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from bench.bullmq.installation import HERE, node
from bench.playing import text_of
from traffic.arrivals import Arrival

DEBOUNCE, KEEP_LAST = "debounce", "keepLastIfActive"
_ENDS_WITHIN_S = 10.0

Job = dict[str, Any]


def receipts_of(arrivals: Iterable[Arrival]) -> list[Job]:
    """Arrivals as jobs.js takes them."""
    return [
        {"t_s": each.t_s, "kind": each.kind, "dialog": each.dialog, "user": each.user}
        | ({"message": each.message, "text": text_of(each)} if each.kind == "edit" else {})
        for each in arrivals
    ]


class Producer(AbstractContextManager["Producer"]):
    """A Node process with one queue, kept open; its first answer comes after it has connected.

    Args:
        redis_url: Where the queue is.
        mode: `DEBOUNCE` or `KEEP_LAST`.
        gather_s: The delay of every job.

    Raises:
        bench.bullmq.installation.MissingError: There is no BullMQ on this machine.
    """

    def __init__(self, redis_url: str, mode: str, gather_s: float) -> None:
        command = [node(), "producer.js", redis_url, mode, str(round(1000 * gather_s))]
        self._node = subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def add(self, receipts: Sequence[Job]) -> float:
        """Add one at a time; returns the seconds that took."""
        return float(self._ask("add", receipts=receipts)["seconds"])

    def add_bulk(self, receipts: Sequence[Job], size: int) -> float:
        """Add so many in a call; returns the seconds that took."""
        return float(self._ask("addBulk", receipts=receipts, size=size)["seconds"])

    def play(self, receipts: Sequence[Job], size: int) -> list[float]:
        """Add each at its `t_s` from now, at most so many a call; returns the unix seconds just before their calls."""
        return list(self._ask("play", receipts=receipts, size=size)["added_s"])

    def waiting(self) -> int:
        """Jobs that are not done yet."""
        counts = self._ask("counts")
        return int(counts["delayed"] + counts["waiting"] + counts["active"] + counts["prioritized"])

    def failed(self) -> int:
        """Jobs that were given up."""
        return int(self._ask("counts")["failed"])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._node.communicate(timeout=_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._node.kill()
            self._node.communicate()

    def _ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """One command.

        Raises:
            RuntimeError: The program has ended; what it said went to our stderr.
        """
        words, answers = self._node.stdin, self._node.stdout
        assert words is not None and answers is not None  # noqa: S101, PT018 - asked for above
        words.write(json.dumps({"do": do, **arguments}) + "\n")
        words.flush()
        answer = answers.readline()
        if not answer:
            raise RuntimeError(f"producer.js ended with status {self._node.wait()} when asked to {do}")
        return dict(json.loads(answer))
