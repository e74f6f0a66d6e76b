"""One node, from loads that were made up."""

from functools import partial
from typing import cast

from bench.figure import Figure
from bench.node import PRODUCERS, TOGETHER, Load, figure_of
from bench.rounds import Rounds
from stack.redis_server import RedisServer


def figure_for(*, lost: int = 0) -> Figure:
    loads = {
        f"{n} x {together}": Load(cast("RedisServer", None), n, together) for together in TOGETHER for n in PRODUCERS
    }
    for load in loads.values():
        load.redis_us = [999.0, *[100.0 / load.together**0.5] * 5]
    loads["1 x 1"].lost = lost
    turns = {name: partial(float, 10 * load.producers) for name, load in loads.items()}
    return figure_of(loads, Rounds(turns), "redis")


def test_the_ceiling_is_what_a_whole_second_of_redis_would_take() -> None:
    ceilings = [row.value for row in figure_for().rows if row.name.startswith("ceiling")]
    assert [round(value) for value in ceilings] == [10_000, round(10_000 * 1_000**0.5)]


def test_every_load_is_a_point() -> None:
    recorded = [(row.at, row.value) for row in figure_for().rows if row.name == "one by one: recorded"]
    assert recorded == [(1, 10), (2, 20), (4, 40)]
    spent_us = [row.value for row in figure_for().rows if row.name == "one by one: Redis' time"]
    assert spent_us == [100] * 3, "the warm-up counts for nothing"


def test_a_receipt_that_is_not_in_the_ledger_is_a_fault() -> None:
    assert figure_for().faults == []
    assert figure_for(lost=2).faults == ["2 receipts were recorded and are not in the ledger"]
