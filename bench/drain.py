"""`drain`: what a PUT costs: distinct slots drained without a rate, against one `requests.Session` in a loop.

Both send the same PUTs, one for each slot, to the same sandbox, and take turns. What counts is processor time: on one
side of all the worker's processes - doorbells, claims, PUTs, settles, and all that Celery does meanwhile -, on the
other of the loop's process. What Redis takes for the ledger, and the sandbox for answering, stands beside.
"""

import time
from collections.abc import Callable, Sequence
from itertools import product

import requests

from bench import accounts
from bench.figure import Figure
from bench.options import Options
from bench.processor import processor_s
from bench.rounds import Rounds
from bench.running import API_KEY, Running, running, wait_until
from bench.turns import Turns
from receipt_sync import MarkRead
from sandbox.client import SandboxClient

SLOTS = 3_000
USERS = 100
PROCESSES = 4
LEAST_RATIO = 0.8
DRAINED_WITHIN_S = 120.0
TIMEOUT_S = 10.0
# A slot that was sent a moment ago would gather before it is sent again.
UNBRIDLED = {"QUICKBLOX_RATE_PER_S": "0", "RECEIPTS_GATHER_MAX_S": "0"}

Drain = Callable[[Sequence[MarkRead]], None]


def measure(options: Options) -> Figure:
    """Drain by both ways in turns."""
    with running() as system:
        marks = marks_of(options.receipts or SLOTS)
        build_slots(system.api, marks)
        [worker] = system.start_workers(1, {"WORKER_CONCURRENCY": str(PROCESSES), **UNBRIDLED})
        ours, loop = Turns(system, lambda: processor_s([worker.pid])), Turns(system, time.process_time)
        sides = {
            "ours": _puts_per_core(ours, _worker(system), marks),
            "loop": _puts_per_core(loop, _loop(system), marks),
        }
        figure = figure_of(len(marks), Rounds(sides), ours, loop)
        counts = accounts.totals(system.redis)
        figure.faults += accounts.complaints(counts, accounts.by_slot(system.redis), len(ours) * len(marks))
        applied, expected = system.api.counts()["applied"], (len(ours) + len(loop)) * len(marks)
        figure.demand(applied == expected, f"{expected:,} PUTs were to be sent, {applied:,} were carried out")
        return figure


def _puts_per_core(turns: Turns, drain: Drain, marks: Sequence[MarkRead]) -> Callable[[], float]:
    return lambda: len(marks) / turns.take(lambda: drain(marks)).own_s


def _worker(system: Running) -> Drain:
    """Our side: record all, and wait until nothing waits; what is left then is a fault of the accounts."""

    def drain(marks: Sequence[MarkRead]) -> None:
        system.queue.record_many(marks)
        wait_until(lambda: accounts.at_rest(accounts.totals(system.redis)), DRAINED_WITHIN_S)

    return drain


def _loop(system: Running) -> Drain:
    """The other: what a script does that has the list of PUTs in its hands, one after the other over one connection."""
    session, url = requests.Session(), f"{system.api_url}/chat/Message.json"
    session.trust_env = False  # a third faster than with requests' default

    def drain(marks: Sequence[MarkRead]) -> None:
        for mark in marks:
            answer = session.put(
                url,
                json={"chat_dialog_id": mark.dialog_id, "read": "1"},
                headers={"Authorization": f"ApiKey {API_KEY}", "On-Behalf-Of": str(mark.user_id)},
                timeout=TIMEOUT_S,
            )
            answer.raise_for_status()

    return drain


def marks_of(slots: int) -> list[MarkRead]:
    """A mark for each of so many slots."""
    dialogs = [f"{number:024x}" for number in range(1, -(-slots // USERS) + 1)]
    return [MarkRead(dialog_id=dialog, user_id=user) for dialog, user in product(dialogs, range(1, USERS + 1))][:slots]


def build_slots(api: SandboxClient, marks: Sequence[MarkRead]) -> None:
    """Put into the sandbox whom and what the marks name."""
    users = sorted({int(mark.user_id or 0) for mark in marks})
    dialogs = sorted({mark.dialog_id for mark in marks})
    api.build_world(users=users, dialogs=[{"_id": id_, "type": 2, "occupants_ids": users} for id_ in dialogs])


def figure_of(slots: int, rounds: Rounds, ours: Turns, loop: Turns) -> Figure:
    """The figure for PUTs per second of processor time of `ours` and `loop`, and what their turns have taken."""
    figure = Figure(
        f"{slots:,} distinct slots a turn, no rate, no gathering, {PROCESSES} processes; the loop sends the same PUTs"
    )
    note = "PUTs per processor second"
    figure.compare("ours / loop", rounds.ratio("ours", "loop"), least=LEAST_RATIO, note=note)
    for name, turns, whose in (("ours", ours, "all the worker's processes"), ("loop", loop, "the loop's process")):
        own_us = turns.us_each(lambda spent: spent.own_s, slots)
        figure.add(
            f"{name}: PUTs per processor second", rounds.of(name).median, note=f"{whose}; {rounds.of(name).text}"
        )
        figure.add(f"{name}: processor time a PUT", own_us, "us", note=whose)
        figure.add(f"{name}: PUTs per second", 1e6 / turns.us_each(lambda spent: spent.wall_s, slots))
        figure.add(f"{name}: of the sandbox", turns.us_each(lambda spent: spent.sandbox_s, slots), "us", note="a PUT")
    redis_us = ours.us_each(lambda spent: spent.redis_s, slots)
    figure.add("ours: of Redis", redis_us, "us", note="a PUT: record, claim, settle")
    return figure
