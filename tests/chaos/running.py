"""A run from beginning to end: chaos, calm, drain, roll call, verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from receipt_sync import MarkRead, ReceiptQueue
from tests.chaos.contenders import Contender
from tests.chaos.directing import Director
from tests.chaos.incidents import Incident
from tests.chaos.journal import read
from tests.chaos.judge import Findings, Limits, judge
from tests.chaos.puts import Put, Puts
from tests.chaos.seats import Seat
from tests.chaos.stage import LEDGER, Options, Stage
from tests.chaos.town import dialog_id
from tests.ledger_audit import Accounts, audit
from tests.running import QUICK

REQUEST_S = float(QUICK["QUICKBLOX_CONNECT_TIMEOUT_S"]) + float(QUICK["QUICKBLOX_READ_TIMEOUT_S"])
_STEP_S = 0.03
_SAY_EVERY_S = 10.0
_READ_EVERY_S = 5.0
_PRODUCERS_END_S = 60.0
# A broker's connection whose peer is gone is given up after some seconds (worker/broker.py); a second one may follow.
_ROLL_CALL_S = 60.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """What a run left behind.

    Attributes:
        audit: what the auditor says of the ledger: its accounts, or the sentence that something does not balance;
            None for peers, who keep none.
        drained_s: until nothing was left; None: something was when the time was up.
        left: receipts that then still waited; they are among the lost.
        stuck: workers that did nothing when they were alone at the end.
        unasked: workers that ended though nobody had killed or asked them, each with its exit code.
    """

    contender: Contender
    options: Options
    findings: Findings
    puts: list[Put]
    kills: Counter[str]
    faults: Counter[str]
    incidents: list[Incident]
    audit: Accounts | str | None
    counts: dict[str, int]
    drained_s: float | None
    left: int
    took_s: float
    stuck: list[str]
    shutdowns_s: list[float]
    shutdowns_late: int
    unasked: list[str]
    events: list[tuple[float, str]] = field(repr=False)


def run(contender: Contender, options: Options, directory: Path, say: Say = print) -> Outcome:
    """Runs one contender through the chaos."""
    with Stage(directory, contender, options) as stage:
        play = _Play(stage, Director(stage, options.kills, options.seed, kills_only=options.kills_only), say)
        return play.outcome()


class _Play:
    def __init__(self, stage: Stage, director: Director, say: Say) -> None:
        self.stage, self.director, self.say = stage, director, say
        self.puts = Puts(stage.api)
        self._said_s = self._read_s = 0.0
        self._began_s = time.monotonic()

    def outcome(self) -> Outcome:
        stage = self.stage
        self._wait(lambda: len(stage.up()) == len(stage.seats), 60.0, step=stage.tend)
        self._began_s = time.monotonic()
        stage.start_producers()
        self._chaos()
        took_s = time.monotonic() - self._began_s
        self.director.end()
        self._end_producers()
        drained_s = self._drain()
        self._read_all()
        left = self._left()
        said = None if stage.contender.module else self._audit()
        findings, puts = self._judge(), list(self.puts.read)
        stuck = self._roll_call() if drained_s is not None and not stage.contender.module else []
        return Outcome(
            contender=stage.contender,
            options=stage.options,
            findings=findings,
            puts=puts,
            kills=self.director.kills,
            faults=self.director.faults,
            incidents=stage.incidents,
            audit=said,
            counts=self._counts(),
            drained_s=drained_s,
            left=left,
            took_s=took_s,
            stuck=stuck,
            shutdowns_s=[seconds for seat in stage.seats for seconds in seat.shutdowns_s],
            shutdowns_late=sum(seat.stuck for seat in stage.seats),
            unasked=[ended for seat in stage.seats for ended in seat.unasked],
            events=stage.events,
        )

    def _chaos(self) -> None:
        options, stage = self.stage.options, self.stage
        planned_s = 0.95 * options.receipts / options.per_s
        while (elapsed_s := time.monotonic() - self._began_s) < options.at_most_s:
            self.director.step(min(1.0, elapsed_s / planned_s))
            self._look_on()
            if self.director.killed >= options.kills and not any(each.alive for each in stage.producers):
                return
            time.sleep(_STEP_S)  # between two looks at processes and ledger; bounded above
        self.say(f"{stage.contender.name}: time is up after {options.at_most_s:g} s")

    def _end_producers(self) -> None:
        for producer in self.stage.producers:
            if producer.alive:
                producer.stop(_PRODUCERS_END_S)
            if producer.exit_code != 0:
                raise RuntimeError(f"{producer.name} ended with {producer.exit_code}: {producer.log}")

    def _drain(self) -> float | None:
        """Seconds until nothing was left; None: something was, when the time was up."""
        began_s = time.monotonic()
        step = self._tend_and_look
        done = self._wait(self._is_empty, self.stage.options.drain_s, step=step)
        return time.monotonic() - began_s if done else None

    def _tend_and_look(self) -> None:
        self.stage.tend()
        self._look_on()

    def _is_empty(self) -> bool:
        return self._left() == 0

    def _left(self) -> int:
        """Receipts that wait or are being sent."""
        if self.stage.contender.module:
            return sum(self._peer_backlog())
        counts = self._counts()
        return counts.get("pending", 0) + counts.get("in_flight", 0)

    def _peer_backlog(self) -> tuple[int, int]:
        """A peer's tasks that wait, and those that workers hold or held."""
        broker: Any = self.stage.broker
        return int(broker.llen(self.stage.contender.name)), int(broker.hlen("unacked"))

    def _counts(self) -> dict[str, int]:
        found: Any = self.stage.redis.hgetall(f"{LEDGER}:counts")
        return {name.decode(): int(value) for name, value in found.items()}

    def _roll_call(self) -> list[str]:
        """Each worker alone: whoever does nothing then is stuck, though its process lives."""
        self._wait(lambda: len(self.stage.up()) == len(self.stage.seats), 60.0, step=self.stage.tend)
        return [f"worker {seat.number}" for seat in self.stage.seats if not self._answers(seat)]

    def _answers(self, seat: Seat) -> bool:
        others = [each.worker for each in self.stage.seats if each is not seat and each.worker]
        for worker in others:
            worker.pause()
        try:
            url = self.stage.redis_server.url
            ReceiptQueue(url, timeout_s=5).record_many([MarkRead(dialog_id=dialog_id(0), user_id=101)])
            began_s = time.monotonic()
            answered = self._wait(self._is_empty, _ROLL_CALL_S, step=lambda: None)
            taken_s = time.monotonic() - began_s
            self.say(f"worker {seat.number} alone: {'worked' if answered else 'did nothing'} within {taken_s:.1f} s")
            return answered
        finally:
            for worker in others:
                worker.resume()

    def _audit(self) -> Accounts | str:
        try:
            return audit(self.stage.redis, "default")
        except AssertionError as unbalanced:  # part of the verdict, which has more to say
            return str(unbalanced)

    def _read_all(self) -> None:
        self.puts.read_all(timeout_s=20)

    def _judge(self) -> Findings:
        stage = self.stage
        attempts = [attempt for path in stage.journals() for attempt in read(path)]
        texts = {message["_id"]: message["message"] for message in stage.api.world()["messages"]}
        letters: Any = stage.redis.xrange(f"{LEDGER}:dead")
        dead = frozenset(fields.get(b"slot", b"").decode() for _, fields in letters)
        return judge(attempts, self.puts.read, texts, Limits(REQUEST_S, stage.cuts, dead))

    def _look_on(self) -> None:
        now_s = time.monotonic()
        if now_s - self._read_s >= _READ_EVERY_S:
            self._read_s = now_s
            self.puts.read_on()
        if now_s - self._said_s >= _SAY_EVERY_S:
            self._said_s = now_s
            self.say(self._progress(now_s - self._began_s))

    def _progress(self, elapsed_s: float) -> str:
        stage = self.stage
        if stage.contender.module:
            waiting, held = self._peer_backlog()
            backlog = f"{waiting} wait, {held} held"
        else:
            counts = Counter(self._counts())
            backlog = f"{counts['recorded']} recorded, {counts['pending']} pending, {counts['in_flight']} in flight"
        return (
            f"{stage.contender.name} {elapsed_s:5.0f} s: {self.director.killed} kills,"
            f" {self.director.faults.total()} other faults, {len(stage.up())} of {len(stage.seats)} workers up,"
            f" {len(self.puts.read)} PUTs, {backlog}"
        )

    def _wait(self, holds: Callable[[], bool], timeout_s: float, *, step: Callable[[], None]) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            step()
            try:
                if holds():
                    return True
            except redis.ConnectionError:
                continue
            time.sleep(_STEP_S)  # between two looks at processes and ledger; bounded above
        return False
