"""The recording figure: which reads are taken, which ratios have targets, and what is said without BullMQ."""

from functools import partial

import pytest

from bench.figure import Figure
from bench.options import Options
from bench.recording import CELERY, IN_BATCHES, MANY, ONE, figure_of, reads_of
from bench.recording_sides import BATCH
from bench.rounds import Rounds
from traffic.arrivals import Arrival, Kind

BULLMQ = {"BullMQ add, debounce": 1_000.0, "BullMQ addBulk, debounce": 2_000.0}
OURS = {ONE: 6_000.0, MANY: 60_000.0, CELERY: 1_000.0, "PING": 9_000.0, "pipelines": 100_000.0}


def arrivals(count: int, kind: Kind = "read") -> list[Arrival]:
    return [Arrival(float(number), kind, "d" * 24, 7, f"{number:024x}", 0) for number in range(count)]


def figure(rates: dict[str, float]) -> Figure:
    rounds = Rounds({name: partial(float, rate) for name, rate in rates.items()})
    return figure_of(Options(), rounds, {ONE: [20.0]}, {name: [30.0] for name in rates})


def missed(rates: dict[str, float]) -> list[str]:
    return [row.name for row in figure(rates).rows if row.missed]


def test_reads_alone_are_taken_in_whole_batches() -> None:
    assert len(reads_of(arrivals(2 * BATCH + 1) + arrivals(5, "delivered"))) == 2 * BATCH
    assert len(reads_of(arrivals(IN_BATCHES + 1))) == IN_BATCHES
    with pytest.raises(ValueError, match="got 5"):
        reads_of(arrivals(5) + arrivals(BATCH, "edit"))


def test_the_targets_are_those_of_the_issue() -> None:
    assert missed(OURS | BULLMQ) == []
    assert missed(OURS | BULLMQ | {CELERY: 1_001.0}) == [f"{ONE} / {CELERY}", f"{MANY} / {CELERY}"]
    assert missed(OURS | BULLMQ | {"BullMQ add, debounce": 3_001.0}) == [f"{ONE} / BullMQ add, debounce"]
    assert missed(OURS | BULLMQ | {"BullMQ addBulk, debounce": 20_001.0}) == [f"{MANY} / BullMQ addBulk, debounce"]


def test_without_bullmq_its_rows_are_left_out() -> None:
    assert not [row.name for row in figure(OURS).rows if "BullMQ" in row.name]


def test_processor_time_stands_beside_the_rate() -> None:
    [row] = [row for row in figure(OURS).rows if row.name == ONE]
    assert (row.value, row.unit, row.note) == (
        6_000,
        "per s",
        "rounds from 6,000 to 6,000; Redis 30 µs, the process 20 µs",
    )
