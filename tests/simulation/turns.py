"""A turn: one actor goes on to its next step, and takes it: a call to Redis or a PUT, with the fault that it meets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import redis

from tests.simulation import history as told
from tests.simulation.actors import Actor, Call, Rest, Send, Step
from tests.simulation.chat import Chat
from tests.simulation.chronicle import Chronicle
from tests.simulation.clocks import Clocks
from tests.simulation.decisions import Decisions
from tests.simulation.processes import Processes
from tests.simulation.store import Store
from tests.simulation.watched import Faults, WorkerDied
from tests.simulation.weather import AT_THE_STORE, Weather

_TRIED_AGAIN_AFTER_MS = 50


@dataclass(eq=False)
class Turns:
    """Those of one schedule, one after the other.

    Attributes:
        planned: the fault that the next call to Redis meets.
        puts: how many have left so far.
    """

    store: Store
    clocks: Clocks
    draw: Decisions
    chronicle: Chronicle
    weather: Weather
    chat: Chat
    processes: Processes
    planned: Faults
    puts: int = 0

    def take(self, actor: Actor) -> None:
        """Its turn."""
        self.chronicle.at_work = actor.worker
        if actor.worker:
            self.clocks.local_s = actor.worker.local_s()
        step, actor.then = actor.then, None
        if step is not None:
            self._do(actor, step, "")
            return
        step = self._go_on(actor)
        if isinstance(step, Rest):
            self._rest(actor, step)
        elif step is not None:
            fault = self._draw_fault(actor, step)
            if fault in ("pause", "suspend"):
                self._sleep(actor, step, fault)
            else:
                self._do(actor, step, fault)

    def _go_on(self, actor: Actor) -> Step | None:
        answer, actor.answer, actor.resting = actor.answer, None, False
        try:
            if isinstance(answer, Exception):
                return actor.steps.throw(answer)
            return actor.steps.send(answer)
        except StopIteration:
            self.processes.actors.remove(actor)
            return None

    def _rest(self, actor: Actor, step: Rest) -> None:
        rests_ms = 0 if actor.woken else math.ceil(step.ms)
        actor.resting, actor.woken, actor.wake_ms = True, False, self.chronicle.now_ms + rests_ms
        if step.ms == 0 and self.weather.goes_wrong("late start"):
            actor.resting, actor.wake_ms = False, self.chronicle.now_ms + self.weather.asleep_ms()

    def _draw_fault(self, actor: Actor, step: Step) -> str:
        fault = self.weather.of_step(actor, step)
        if fault == "clock jump" and actor.worker:
            actor.worker.skew_ms += self.weather.clock_jump_ms()
            self.clocks.local_s = actor.worker.local_s()
        return fault

    def _sleep(self, actor: Actor, then: Step, fault: str) -> None:
        actor.then = then
        self.processes.sleep(actor, self.weather.asleep_ms(), fault)

    def _do(self, actor: Actor, step: Step, fault: str) -> None:
        if isinstance(step, Send):
            self._send(actor, step, fault)
        else:
            self._call(actor, step, fault)

    def _call(self, actor: Actor, step: Step, fault: str) -> None:
        assert isinstance(step, Call)
        self.planned.planned = fault if fault in AT_THE_STORE else ""
        self.planned.after = self.draw.below(2) if fault and step.name == "tick" else 0
        self.store.woken_in_ms = None
        try:
            answer = step.make()
        except WorkerDied:
            self.processes.die(actor)
            return
        except redis.ConnectionError as error:
            if step.tried_again and not self.draw.below(2):
                actor.then, actor.wake_ms = step, self.chronicle.now_ms + _TRIED_AGAIN_AFTER_MS
                return
            answer = error
        finally:
            self.planned.planned = ""
        self.chronicle.tell(f"{actor.name}  {step.name}: {answer!r}")
        slow_ms = self.weather.asleep_ms() if fault == "slow answer" else 0
        actor.answer, actor.wake_ms = answer, self.chronicle.now_ms + slow_ms
        self._wake()

    def _wake(self) -> None:
        if self.store.woken_in_ms is None or self.weather.goes_wrong("wake-up lost"):
            return
        for staying in self.processes.staying():
            staying.wake(self.chronicle.now_ms)
        tickers = self.processes.tickers()
        if tickers:
            # All hear it; the others would find the permits gone, and cost a schedule a third of its calls.
            self.draw.one_of(tickers).wake(self.chronicle.now_ms)

    def _send(self, actor: Actor, step: Send, fault: str) -> None:
        worker, now_ms = actor.worker, self.chronicle.now_ms
        assert worker is not None
        if fault == "die before":
            self.processes.die(actor)
            return
        if worker.local_s() > step.start_by_s:
            actor.answer = None
            return
        if fault == "pause at the socket":
            self._sleep(actor, Send(step.claim, step.put, math.inf), fault)
            return
        self.puts += 1
        excused = step.start_by_s == math.inf or worker.slept_ms > self.chronicle.granted_ms(worker, step.claim)
        self.chronicle.events.append(told.Sent(now_ms, self.puts, step.claim, step.put, excused))
        fate = self.chat.take(self.puts, now_ms, step.put.token)
        self.chronicle.tell(f"{actor.name}  sends PUT {self.puts}: {step.put.path} {step.put.body}, to be {fate.name}")
        actor.answer, actor.wake_ms = fate.verdict, now_ms + fate.after_ms
        if fault == "die after":
            self.processes.die(actor)
