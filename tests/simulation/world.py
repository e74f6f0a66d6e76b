"""A world: one schedule as it runs. It holds the clock, and chooses who takes the next turn and what goes wrong."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import redis

from receipt_sync import Receipt, ReceiptQueue
from tests.simulation import history as told
from tests.simulation.actors import Actor, Call, Door, Rest, Send, Step, Steps, Worker
from tests.simulation.beside import Beside
from tests.simulation.chat import Chat
from tests.simulation.clocks import Clocks
from tests.simulation.decisions import Decisions
from tests.simulation.receipts import Reports
from tests.simulation.setup import LATE_MS, MARGIN_MS, SEND_WITHIN_MS, SNAPSHOT_AGE_MS, START_MS, draw_setup
from tests.simulation.store import Store
from tests.simulation.watched import APPLICATION, Faults, WatchedLedger, WorkerDied
from worker.acting import Patience
from worker.ledger import Claimed, Outcome, Reaped
from worker.sync import Way

_DRAINED_WITHIN_MS = 40_000
_TURNS_MOST = 5_000
_SYNCS_PER_WORKER = 2
_ASLEEP_MS = (60, 300, 900, 2_000)
_CALL_FAULTS = ("answer lost", "refused", "die before", "die after", "slow answer", "pause", "suspend", "clock jump")
_SEND_FAULTS = ("die before", "die after", "pause", "suspend", "pause at the socket")
_DOORBELL_FAULTS = ("doorbell lost", "doorbell twice", "doorbell late")
_PATIENCE = Patience(backoff_base_s=0.2, backoff_cap_s=0.5, retry_after_max_s=0.5, unauthorized_hold_s=0.3)


class World:
    """One schedule.

    Attributes:
        events: the history so far.
        faults: how often which one happened.
        story: a line for everything that happens; None keeps none.
    """

    def __init__(self, store: Store, clocks: Clocks, draw: Decisions, *, tell: bool = False) -> None:
        self.setup = draw_setup(draw)
        self.events: list[told.Event] = []
        self.faults: Counter[str] = Counter()
        self.story: list[str] | None = [f"setup {self.setup}"] if tell else None
        self.beside = Beside(self.setup)
        self.chat = Chat(draw, self.setup.bad_answer_one_in)
        self.now_ms = START_MS
        self._store, self._clocks, self._draw = store, clocks, draw
        self._planned = Faults()
        self._actors: list[Actor] = []
        self._workers: list[Worker] = []
        self._doorbells: list[tuple[int, str]] = []
        self._tickers: dict[Worker, Actor] = {}
        self._producers = 0
        self._puts = self._named = 0
        self._quiet = False
        self._queue = ReceiptQueue(client=store, application=APPLICATION)  # type: ignore[arg-type]  # enough of a client
        self._granted: dict[tuple[Worker | None, str, int], int] = {}
        self._at_work: Worker | None = None

    # the run ---------------------------------------------------------------------------------------------------------

    def run(self) -> told.History:
        """Lives it to its end."""
        self._store.empty()
        self._store.now_ms = self.now_ms
        self._store.hset(f"rs:{{{APPLICATION}}}:policy", self.setup.policy)  # workers have been here before
        for _ in range(self.setup.workers):
            self._start_worker()
        reports = Reports(self._draw)
        for n in range(1 + self._draw.below(3)):
            self._producers += 1
            self._start(Actor(f"producer {n + 1}", None, self._producer(reports)))
        self._at = self._appointments()
        drained = self._take_turns()
        return told.History(self.setup, self.events, drained, self.now_ms)

    def _take_turns(self) -> bool:
        for _ in range(_TURNS_MOST):
            ready = [actor for actor in self._actors if actor.wake_ms <= self.now_ms]
            bells = self._bells()
            n = len(ready) + bool(bells)
            if n == 0:
                if self._quiet and self._is_drained():
                    return True
                if self.now_ms > START_MS + self.setup.active_ms + _DRAINED_WITHIN_MS:
                    return False
                self._pass_time()
                continue
            turn = self._draw.below(n) if n > 1 else 0
            if turn < len(ready):
                self._turn(ready[turn])
            else:
                self._answer_doorbell(bells)
        return False

    def _is_drained(self) -> bool:
        busy = self._producers or self.chat.next_ms() or self.beside.waits()
        return not busy and len(self._actors) == len(self._tickers)

    def _pass_time(self) -> None:
        times = [actor.wake_ms for actor in self._actors]
        times += [at for at in (self.chat.next_ms(), self._at[0][0] if self._at else None) if at is not None]
        if any(worker.syncs < _SYNCS_PER_WORKER for worker in self._workers):
            times += [at for at, _ in self._doorbells]
        self.now_ms = max(self.now_ms, min(times))
        while (happened := self.chat.pop(self.now_ms)) is not None:
            at_ms, number, what = happened
            self.events.append(told.Applied(at_ms, number) if what == "applied" else told.Ended(at_ms, number))
            self._tell(f"API      PUT {number} is {what}")
        self._store.now_ms = self.now_ms
        while self._at and self._at[0][0] <= self.now_ms:
            self._keep_appointment(self._at.pop(0)[1])

    def _appointments(self) -> list[tuple[int, str]]:
        at = [(START_MS + self.setup.active_ms, "quieten")]
        if self.setup.rolls_back_at_ms:
            rolls_back_ms = START_MS + self.setup.rolls_back_at_ms
            age_ms = self._draw.one_of((50, 200, 500, SNAPSHOT_AGE_MS))
            at += [(max(START_MS, rolls_back_ms - age_ms), "snapshot"), (rolls_back_ms, "roll back")]
        return sorted(at)

    def _keep_appointment(self, what: str) -> None:
        if what == "quieten":
            self._quiet = True
            self.chat.quieten()
            self.events.append(told.Quietened(self.now_ms))
        elif what == "snapshot":
            self._store.take_snapshot()
            self.beside.take_snapshot()
            self._saved = (len(self.events), self.now_ms)
        else:
            # It takes a while to come back.
            self.now_ms += 1
            self._store.now_ms = self.now_ms
            self._store.roll_back()
            self.beside.roll_back()
            self.faults["Redis lost its last writes"] += 1
            self.events.append(told.RolledBack(self.now_ms, *self._saved))
        self._tell(f"         {what}")

    # turns -----------------------------------------------------------------------------------------------------------

    def _turn(self, actor: Actor) -> None:
        step, actor.then = actor.then, None
        self._at_work = actor.worker
        if actor.worker:
            self._clocks.local_s = actor.worker.local_s()
        fault = ""
        if step is None:
            step = self._go_on(actor)
            if step is None:
                return
            if isinstance(step, Rest):
                actor.resting, actor.wake_ms = True, self.now_ms + math.ceil(step.ms)
                if step.ms == 0 and self._goes_wrong("late start"):
                    actor.resting, actor.wake_ms = False, self.now_ms + self._draw.one_of(_ASLEEP_MS)
                return
            fault = self._draw_fault(actor, step)
            if fault in ("pause", "suspend"):
                self._sleep(actor, step, fault)
                return
        if isinstance(step, Send):
            self._send(actor, step, fault)
        else:
            self._call(actor, step, fault)

    def _go_on(self, actor: Actor) -> Step | None:
        answer, actor.answer, actor.resting = actor.answer, None, False
        try:
            if isinstance(answer, Exception):
                return actor.steps.throw(answer)
            return actor.steps.send(answer)
        except StopIteration:
            self._actors.remove(actor)
            return None

    def _goes_wrong(self, kind: str) -> bool:
        if self._quiet or not self._draw.once_in(self.setup.fault_one_in):
            return False
        self.faults[kind] += 1
        self._tell(f"         {kind}")
        return True

    def _draw_fault(self, actor: Actor, step: Step) -> str:
        if self._quiet or not self._draw.once_in(self.setup.fault_one_in):
            return ""
        fault = self._draw.one_of(_SEND_FAULTS if isinstance(step, Send) else _CALL_FAULTS)
        if actor.worker is None and fault in ("suspend", "clock jump"):
            fault = "pause"
        self.faults[fault] += 1
        self._tell(f"{actor.name}  {fault}")
        if fault == "clock jump" and actor.worker:
            actor.worker.skew_ms += self._draw.one_of((100, 400, 60_000))
            self._clocks.local_s = actor.worker.local_s()
        return fault

    def _sleep(self, actor: Actor, step: Step, fault: str) -> None:
        """The whole process stops (SIGSTOP), or with it the machine and its clock."""
        for_ms = self._draw.one_of(_ASLEEP_MS)
        actor.then = step
        for other in [each for each in self._actors if each is actor or (actor.worker and each.worker is actor.worker)]:
            other.wake_ms = max(other.wake_ms, self.now_ms + for_ms)
            other.resting = False
        if actor.worker and fault == "suspend":
            actor.worker.skew_ms -= for_ms
            actor.worker.slept_ms = self.now_ms + for_ms

    def _call(self, actor: Actor, step: Step, fault: str) -> None:
        assert isinstance(step, Call)
        self._planned.planned = fault if fault in _CALL_FAULTS[:4] else ""
        self._planned.after = self._draw.below(2) if fault and step.name == "tick" else 0
        self._store.woken_in_ms = None
        try:
            answer = step.make()
        except WorkerDied:
            self._die(actor)
            return
        except redis.ConnectionError as error:
            if step.tried_again and not self._draw.below(2):
                actor.then, actor.wake_ms = step, self.now_ms + 50
                return
            answer = error
        finally:
            self._planned.planned = ""
        self._tell(f"{actor.name}  {step.name}: {answer!r}")
        slow_ms = self._draw.one_of(_ASLEEP_MS) if fault == "slow answer" else 0
        actor.answer, actor.wake_ms = answer, self.now_ms + slow_ms
        if self._store.woken_in_ms is not None and self._tickers and not self._goes_wrong("wake-up lost"):
            # All hear it; the others would find the permits gone, and cost a schedule a third of its calls.
            self._draw.one_of(list(self._tickers.values())).wake(self.now_ms)

    def _send(self, actor: Actor, step: Send, fault: str) -> None:
        worker = actor.worker
        assert worker is not None
        if fault == "die before":
            self._die(actor)
            return
        if worker.local_s() > step.start_by_s:
            actor.answer = None
            return
        if fault == "pause at the socket":
            self._sleep(actor, step, fault)
            actor.then = Send(step.claim, step.put, math.inf)
            return
        self._puts += 1
        excused = (
            step.start_by_s == math.inf
            or worker.slept_ms > self.events[self._granted[worker, step.claim.slot, step.claim.generation]].at_ms
        )
        self.events.append(told.Sent(self.now_ms, self._puts, step.claim, step.put, excused))
        fate = self.chat.take(self._puts, self.now_ms)
        self._tell(f"{actor.name}  sends PUT {self._puts}: {step.put.path} {step.put.body}, to be {fate.name}")
        actor.answer, actor.wake_ms = fate.verdict, self.now_ms + fate.after_ms
        if fault == "die after":
            self._die(actor)

    # who there is ----------------------------------------------------------------------------------------------------

    def _start(self, actor: Actor) -> None:
        actor.wake_ms = self.now_ms
        self._actors.append(actor)

    def _start_worker(self) -> None:
        self._named += 1
        way = Way(
            ledger=WatchedLedger(self._store, self.setup, self._planned, self),
            api=Door(),  # type: ignore[arg-type]  # as much of a ChatApi as is used
            limits=self.setup.limits,
            patience=_PATIENCE,
            send_within_s=SEND_WITHIN_MS / 1000,
            late_s=(LATE_MS if self.setup.rate_per_s else MARGIN_MS) / 1000,
            connections=self.setup.connections,
        )
        worker = Worker(
            f"worker {self._named}", way, self._ring, lambda: self.now_ms, lambda: self._draw.below(8) / 8, self._start
        )
        self._workers.append(worker)
        ticking = Actor(f"{worker.name} ticker", worker, worker.ticker())
        self._tickers[worker] = ticking
        self._start(ticking)

    def _die(self, actor: Actor) -> None:
        """The process of this actor is gone; a worker is started again after a while."""
        self._tell(f"{actor.name}  dies")
        if actor.worker is None:
            self._actors.remove(actor)
            actor.steps.close()
            return
        dead = actor.worker
        self._actors = [each for each in self._actors if each.worker is not dead]
        self._workers.remove(dead)
        del self._tickers[dead]
        self._start(Actor("supervisor", None, self._restart(self._draw.one_of((50, 300, 1_000)))))

    def _restart(self, after_ms: int) -> Steps:
        yield Rest(after_ms)
        self._start_worker()

    def _producer(self, reports: Reports) -> Steps:
        """Records now and then; one in five a drummer, who hits the same slot at short intervals."""
        draw = self._draw
        try:
            drums = draw.once_in(5)
            again = (reports.one(),) if drums else ()
            for _ in range(10 if drums else 1 + draw.below(3)):
                yield Rest(100 if drums else draw.one_of((1, 20, 100, 250, 500)))
                if self._quiet:
                    return
                receipts = again or reports.some()
                try:
                    yield Call("record", lambda receipts=receipts: self._record(receipts))  # type: ignore[misc]
                except redis.ConnectionError:
                    continue
        finally:
            self._producers -= 1

    def _record(self, receipts: tuple[Receipt, ...]) -> None:
        self._planned.before()
        self._queue.record_many(receipts)
        self.beside.record(receipts, self.now_ms)
        self.events.append(told.Recorded(self.now_ms, receipts))
        self._tell(f"recorded {receipts}")
        self._planned.done()

    # doorbells -------------------------------------------------------------------------------------------------------

    def _ring(self, _application: str, permit: str) -> None:
        at = [self.now_ms]
        if not self._quiet and self._draw.once_in(self.setup.fault_one_in):
            fault = self._draw.one_of(_DOORBELL_FAULTS)
            self.faults[fault] += 1
            self._tell(f"         {fault}")
            at = {"doorbell lost": [], "doorbell twice": at * 2, "doorbell late": [self.now_ms + 900]}[fault]
        self._doorbells += [(each, permit) for each in at]

    def _bells(self) -> list[int]:
        if not self._doorbells or all(worker.syncs >= _SYNCS_PER_WORKER for worker in self._workers):
            return []
        return [i for i, (at_ms, _) in enumerate(self._doorbells) if at_ms <= self.now_ms]

    def _answer_doorbell(self, bells: Sequence[int]) -> None:
        _, permit = self._doorbells.pop(self._draw.one_of(bells))
        worker = self._draw.one_of([each for each in self._workers if each.syncs < _SYNCS_PER_WORKER])
        worker.syncs += 1
        actor = Actor(f"{worker.name} sync", worker, iter(()))  # type: ignore[arg-type]  # its steps need itself
        actor.steps = worker.sync(permit, actor)
        self._start(actor)

    # what the ledger did ---------------------------------------------------------------------------------------------

    def claimed(self, claimed: Claimed) -> None:
        """A claim was granted."""
        for claim in claimed.claims:
            self._granted[self._at_work, claim.slot, claim.generation] = len(self.events)
            self.events.append(told.Claimed(self.now_ms, claim))
            self._tell(f"claimed {claim}")
            self.beside.claim(claim, self.now_ms)

    def settled(self, settlements: Sequence[tuple[str, int, Outcome]], accepted: Sequence[bool]) -> None:
        """Claims were ended."""
        for (slot, generation, outcome), taken in zip(settlements, accepted, strict=True):
            self._tell(f"settled {slot} {generation} {outcome}: {'accepted' if taken else 'stale'}")
            dead = self.beside.settle(slot, generation, outcome, self.now_ms, accepted=taken)
            of_claim = self._granted[self._at_work, slot, generation]
            self.events.append(told.Settled(self.now_ms, slot, of_claim, outcome, taken, dead))

    def reaped(self, reaped: Sequence[Reaped]) -> None:
        """Leases ran out."""
        for each in reaped:
            self._tell(f"reaped {each}")
            self.events.append(told.Reaped(self.now_ms, each.slot, self.beside.reap(each, self.now_ms)))

    def _tell(self, line: str) -> None:
        if self.story is not None:
            self.story.append(f"{(self.now_ms - START_MS) / 1000:7.3f}  {line}")
