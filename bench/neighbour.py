"""`neighbour`: what an application's receipts wait while the calls of another one on the same worker hang.

Single marks, one after the other, through one worker with two processes, as many as the syncs that one application may
have. In every other turn each connection of the neighbour hangs in a call of ten seconds. The breaker is kept shut, for
it would spare the worker. Measured twice: with receipts that gather for two seconds, and with such that gather for
nothing, which shows what a neighbour is in milliseconds.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count

from bench.figure import Figure
from bench.options import Options
from bench.rounds import Rounds, ratio
from bench.running import API_KEY, Running, running, wait_until
from receipt_sync import MarkRead, ReceiptQueue
from traffic.waits import quantile

ALONE, BESIDE = "alone", "beside one that hangs"
NEIGHBOUR = "hangs"
MARKS, SPACING_S = 150, 0.04
CONNECTIONS = 16  # of one application in one process
BUSY_SLOTS = 200
ARRIVES_WITHIN_S = SETTLES_WITHIN_S = 60.0
USER = 7
MOST_P99 = 1.2
GATHERS_S = (2.0, 0.0)
Turns = dict[str, list[list[float]]]
SETTINGS = {
    "WORKER_CONCURRENCY": "2",
    "RECEIPTS_BREAKER_CALLS_MIN": "1000000",
    "RECEIPTS_APPLICATIONS": f"default,{NEIGHBOUR}",
    "QUICKBLOX_API_KEY__HANGS": API_KEY,
}


def measure(_options: Options) -> Figure:
    """Let the neighbour hang in every other turn."""
    return figure_of({gather_s: _turns(gather_s) for gather_s in GATHERS_S})


def _turns(gather_s: float) -> Turns:
    settings = {"RECEIPTS_GATHER_MIN_S": str(gather_s), "RECEIPTS_GATHER_MAX_S": str(gather_s)}
    with running() as system, running() as other:
        system.start_workers(1, {**SETTINGS, **settings, "QUICKBLOX_ENDPOINT__HANGS": other.api_url})
        neighbour = ReceiptQueue(system.redis_server.url, application=NEIGHBOUR, timeout_s=5)
        numbers, turns = count(1), Turns({ALONE: [], BESIDE: []})

        def turn(place: str) -> float:
            if place == BESIDE:
                _make_busy(other, neighbour)
            turns[place].append(_waits_ms(system, [f"{next(numbers):024x}" for _ in range(MARKS)]))
            if place == BESIDE:
                _end(system, other)
            return quantile(turns[place][-1], 0.5)

        Rounds({place: partial(turn, place) for place in turns})
        neighbour.close()
    return turns


def figure_of(measured: Mapping[float, Turns]) -> Figure:
    """The figure, from each place's sorted waits in milliseconds, turn by turn, the warm-up first, by gather time."""
    rounds = len(measured[GATHERS_S[0]][ALONE]) - 1
    figure = Figure(f"{rounds} rounds of {MARKS} marks, {1000 * SPACING_S:.0f} ms apart, each a PUT")
    for gather_s, turns in measured.items():
        for share in (0.5, 0.99):
            of = {place: [quantile(turn, share) for turn in found[1:]] for place, found in turns.items()}
            name = f"gather {gather_s:g} s: {BESIDE} / {ALONE}, wait p{100 * share:.0f}"
            most = MOST_P99 if share > 0.5 else None  # noqa: PLR2004 - the p99
            figure.compare(name, ratio(of[BESIDE], of[ALONE]), most=most)
    for gather_s, turns in measured.items():
        for place, found in turns.items():
            waits_ms = sorted(wait_ms for turn in found[1:] for wait_ms in turn)
            note = f"p50 {quantile(waits_ms, 0.5):.0f} ms, max {waits_ms[-1]:.0f} ms"
            figure.add(f"gather {gather_s:g} s: {place}, wait p99", quantile(waits_ms, 0.99), "ms", note=note)
    return figure


def _waits_ms(system: Running, dialogs: Sequence[str]) -> list[float]:
    """Record a mark at a time; how long each waited for its PUT, sorted.

    Raises:
        TimeoutError: Not all arrived.
    """
    system.api.clear_journal()
    system.api.build_world(users=[USER], dialogs=[{"_id": id_, "type": 2, "occupants_ids": [USER]} for id_ in dialogs])
    recorded_s: list[float] = []
    for dialog in dialogs:
        recorded_s.append(time.time())
        system.queue.mark_dialog_read(dialog, user_id=USER)
        time.sleep(SPACING_S)  # the load's own pace
    if not wait_until(lambda: int(system.api.counts()["puts"]) >= len(dialogs), ARRIVES_WITHIN_S):
        raise TimeoutError(f"not every mark was at the API within {ARRIVES_WITHIN_S:g} s")
    arrived_s = {id_: call.arrived for call in system.api.journal() for id_ in dialogs if id_ in call.body}
    return sorted(1000 * (arrived_s[id_] - since_s) for id_, since_s in zip(dialogs, recorded_s, strict=True))


def _make_busy(other: Running, neighbour: ReceiptQueue) -> None:
    other.api.faults(hang_share=1.0)
    neighbour.record_many([MarkRead(dialog_id=f"b{number:023x}", user_id=USER) for number in range(BUSY_SLOTS)])
    if not wait_until(lambda: other.api.counts()["open"] >= CONNECTIONS, ARRIVES_WITHIN_S):
        raise TimeoutError("the neighbour's calls do not hang")


def _end(system: Running, other: Running) -> None:
    other.api.clear_faults()

    def is_done() -> bool:
        counts = system.redis.hmget(f"rs:{{{NEIGHBOUR}}}:counts", ["pending", "in_flight"])
        return not any(int(number or 0) for number in counts)

    if not wait_until(is_done, SETTLES_WITHIN_S):
        raise TimeoutError(f"the neighbour was not done within {SETTLES_WITHIN_S:g} s")
