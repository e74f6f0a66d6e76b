"""`recording`: what it takes a web app to record a read receipt, beside a Celery task and a BullMQ job for each.

One process, one call at a time, on a Redis that is emptied before every turn; nobody sends PUTs meanwhile. The receipts
are the reads of a trace, so that dialogs and users repeat as in life. What a bare round trip costs (PING by redis-py),
and commands in pipelines that do the least there is (count receipts by slot), are the machine's limits.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.figure import Figure
from bench.options import Options
from bench.recording_sides import BATCH, Sides
from bench.rounds import Rounds
from bench.trace import arrivals_of, played_text
from stack.redis_server import RedisServer
from traffic.arrivals import Arrival

# Short turns and many rounds: what else this machine does then meets all sides alike.
ONE_BY_ONE, IN_BATCHES, ROUNDS = 500, 5_000, 15
# An emptied database is empty before the next turn begins: by default Valkey frees it in the background.
SERVER = {"lazyfree-lazy-user-flush": "no"}
ONE, MANY, CELERY = "mark_dialog_read", "record_many", "Celery .delay()"
TARGETS = (
    (ONE, CELERY, 6.0),
    (ONE, "BullMQ add, debounce", 2.0),
    (ONE, "BullMQ add, keepLastIfActive", None),
    (MANY, CELERY, 60.0),
    (MANY, "BullMQ addBulk, debounce", 3.0),
    (MANY, "BullMQ addBulk, keepLastIfActive", None),
    (ONE, "PING", None),
    (MANY, "pipelines", None),
)


def measure(options: Options) -> Figure:
    """Record the same reads by every way, in turn."""
    reads = reads_of(arrivals_of(options))
    with (
        TemporaryDirectory(prefix="bench-") as directory,
        RedisServer(Path(directory), options=SERVER) as server,
        ExitStack() as ends,
    ):
        sides = Sides(ends, server, reads, ONE_BY_ONE, names=options.names)
        rounds = Rounds(sides.turns, ROUNDS)
    figure = figure_of(options, rounds, sides.process_us, sides.redis_us)
    figure.notes += [sides.missing] if sides.missing else []
    figure.faults += sides.faults
    return figure


def reads_of(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The first reads of a trace, in whole batches.

    Raises:
        ValueError: There is not one batch of them.
    """
    reads = list(islice((arrival for arrival in arrivals if arrival.kind == "read"), IN_BATCHES))
    if len(reads) < BATCH:
        raise ValueError(f"expected {BATCH:,} reads or more in the trace, got {len(reads):,}")
    return reads[: len(reads) // BATCH * BATCH]


def figure_of(
    options: Options,
    rounds: Rounds,
    process_us: Mapping[str, Sequence[float]],
    redis_us: Mapping[str, Sequence[float]],
) -> Figure:
    """The figure.

    Args:
        options: For the title.
        rounds: Receipts a second.
        process_us: Processor time of the recording process by receipt, where it is known.
        redis_us: Processor time of Redis by receipt.
    """
    figure = Figure(f"reads of {played_text(options)}; batches of {BATCH:,}; one process")
    for over, under, least in TARGETS:
        if under in rounds.values:
            figure.compare(f"{over} / {under}", rounds.ratio(over, under), least=least)
    for name in rounds.values:
        note = f"rounds from {rounds.of(name).text}; Redis {median(redis_us[name]):.0f} µs"
        own = f", the process {median(process_us[name]):.0f} µs" if name in process_us else ""
        figure.add(name, round(rounds.of(name).median), "per s", note=note + own)
    return figure
