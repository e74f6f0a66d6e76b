"""A long run in parts: what has been run is kept in a file, and goes on where it ended while the protocol is the same.

A million schedules are hours of two cores; what they came to counts for one text of the protocol, which the file names.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from receipt_sync.functions import RECORDING
from tests.simulation import schedule
from tests.simulation.running import Tally
from worker.ledger.functions import LEDGER

# What a schedule runs: the ledger's Lua, what decides about calls and answers, and the simulator with its model.
_PROTOCOL = (
    "receipt_sync.actors",
    "receipt_sync.calls",
    "receipt_sync.functions",
    "receipt_sync.join",
    "receipt_sync.keys",
    "receipt_sync.receipts",
    "tests.histories",
    "tests.ledger_audit",
    "tests.model",
    "tests.simulation",
    "tests.slot_state",
    "worker.acting",
    "worker.answers",
    "worker.backoff",
    "worker.flights",
    "worker.holdings",
    "worker.ledger",
    "worker.plan",
    "worker.sending",
    "worker.ticker",
    "worker.verdicts",
)
# They say which schedules are run, and tell of them.
_BESIDE = ("__main__", "keeping", "mutants", "report", "running", "shrinking")


class OtherProtocolError(Exception):
    """What has been kept was run with another text of the protocol."""


def protocol() -> str:
    """The fingerprint of all that a schedule runs."""
    digest = hashlib.sha256()
    for library in (RECORDING, LEDGER):
        digest.update(library.source.encode())
    beside = {f"{schedule.__package__}.{name}" for name in _BESIDE}
    for name, module in sorted(sys.modules.items()):
        ours = any(name == part or name.startswith(f"{part}.") for part in _PROTOCOL)
        if ours and name not in beside and module.__file__:
            digest.update(name.encode() + Path(module.__file__).read_bytes())
    return digest.hexdigest()


@dataclass
class Kept:
    """What has been run so far.

    Attributes:
        protocol: the fingerprint of what it was run with.
        chunks: the first seed of each chunk that has been run.
        seconds: what the parts took, one after another.
    """

    protocol: str
    total: Tally = field(default_factory=Tally)
    chunks: set[int] = field(default_factory=set)
    seconds: float = 0.0

    def add(self, chunk: range, tally: Tally) -> None:
        """A chunk has been run."""
        self.chunks.add(chunk.start)
        self.total.add(tally)

    def write(self, path: Path) -> None:
        """Keeps it; a program that is ended leaves the old file or the new one."""
        data = {
            "protocol": self.protocol,
            "seconds": round(self.seconds),
            "total": vars(self.total),
            "chunks": sorted(self.chunks),
        }
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(data) + "\n", encoding="utf-8")
        beside.replace(path)


def kept_in(path: Path) -> Kept:
    """What a file keeps; nothing yet where there is none.

    Raises:
        OtherProtocolError: it was run with another text of the protocol.
    """
    now = protocol()
    if not path.exists():
        return Kept(now)
    data = json.loads(path.read_text(encoding="utf-8"))
    if data["protocol"] != now:
        raise OtherProtocolError(
            f"{path} keeps {data['total']['schedules']:,} schedules of protocol {data['protocol'][:12]}, this is"
            f" {now[:12]}: run them with the tree that they began with, or begin a new file"
        )
    total = Tally(**data["total"])
    total.faults, total.puts = Counter(total.faults), Counter(total.puts)
    total.broken = [(seed, words) for seed, words in total.broken]
    return Kept(now, total, set(data["chunks"]), data["seconds"])
