"""`functions`: what one call of the ledger costs Redis, as a function of a library and as a script of the same text.

Redis' own CPU time for a pipeline of calls, so that neither the client nor the way between counts.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis

from bench.figure import Figure
from bench.options import Options
from bench.rounds import Rounds
from receipt_sync import keys
from receipt_sync.functions import RECORD, RECORDING, Function, keyed
from stack.redis_server import RedisServer
from worker.ledger import functions as ledger
from worker.ledger.functions import LEDGER

CALLS = 240
AT_ONCE = 8
_PREFIX = keys.prefix("bench")
_POLICY: dict[Any, Any] = {"version": "1", "gather_min_ms": "0", "gather_max_ms": "0", "rate_per_s": "0"}
_DONE = ("done", "r", "", 0, "0", 0, "", "0", "0", "", "", "", "", "sent", 80)
_LEASE_MS, _PERMIT_MS, _SYNCS_MAX = 60_000, 60_000, 4

Arguments = Sequence[str | int]
Send = Callable[[Function, Sequence[Arguments]], tuple[list[Any], float]]


def measure(_options: Options) -> Figure:
    """Plays the same round of the ledger by both ways."""
    with (
        TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as directory,
        RedisServer(Path(directory), append_only=False) as server,
        server.client() as client,
    ):
        return figure_of(_rounds(client))


def figure_of(costs: dict[str, Rounds]) -> Figure:
    """The figure for the rounds of each function."""
    figure = Figure(f"one call of the ledger, Redis' CPU; {CALLS} calls in a pipeline, by turns")
    for name, rounds in costs.items():
        figure.add(f"{name}, function", rounds.of("function").median, "µs", note=rounds.of("function").text)
        figure.compare(f"{name}, script / function", rounds.ratio("script", "function"))
    return figure


def _rounds(client: redis.Redis) -> dict[str, Rounds]:
    by_function, by_script = _calls(client, script=False), _calls(client, script=True)
    steps: dict[str, Callable[[Send], float]] = {
        "record": lambda send: _record(client, send),
        "ring": lambda send: _idle(client, send, ledger.RING, (_SYNCS_MAX, _PERMIT_MS, AT_ONCE, "word", "")),
        "reap": lambda send: _idle(client, send, ledger.REAP, (200,)),
        f"claim of {AT_ONCE}": lambda send: _claim(client, send)[1],
        f"settle of {AT_ONCE}": lambda send: _settle(client, send),
    }
    return {
        name: Rounds({"function": partial(step, by_function), "script": partial(step, by_script)})
        for name, step in steps.items()
    }


def _calls(client: redis.Redis, *, script: bool) -> Send:
    for library in (RECORDING, LEDGER):
        client.function_load(library.source, replace=True)
    used = (RECORD, ledger.RING, ledger.REAP, ledger.CLAIM, ledger.SETTLE)
    digests = {function.name: client.script_load(function.as_script()) for function in used}

    def send(function: Function, calls: Sequence[Arguments]) -> tuple[list[Any], float]:
        pipeline = client.pipeline(transaction=False)
        for arguments in calls:
            if script:
                pipeline.evalsha(digests[function.name], *keyed(_PREFIX), *arguments)
            else:
                pipeline.fcall(function.name, *keyed(_PREFIX), *arguments)
        before_s = _cpu_s(client)
        answers = pipeline.execute()
        return answers, 1_000_000 * (_cpu_s(client) - before_s) / len(calls)

    return send


def _cpu_s(client: redis.Redis) -> float:
    used = client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])


def _emptied(client: redis.Redis) -> None:
    client.flushdb()
    client.hset(f"{_PREFIX}:policy", mapping=_POLICY)


def _record(client: redis.Redis, send: Send) -> float:
    _emptied(client)
    return send(RECORD, [("r", f"m:{number:024x}:*:u1", "u1", "", "", "") for number in range(CALLS)])[1]


def _idle(client: redis.Redis, send: Send, function: Function, arguments: Arguments) -> float:
    _emptied(client)
    return send(function, [arguments] * CALLS)[1]


def _claim(client: redis.Redis, send: Send) -> tuple[list[Any], float]:
    _record(client, send)
    return send(ledger.CLAIM, [(AT_ONCE, _LEASE_MS, "", _PERMIT_MS, _SYNCS_MAX)] * (CALLS // AT_ONCE))


def _settle(client: redis.Redis, send: Send) -> float:
    answers, _ = _claim(client, send)
    settled = [[part for claim in claims[1:] for part in (claim[0], claim[1], *_DONE)] for claims in answers]
    return send(ledger.SETTLE, settled)[1]
