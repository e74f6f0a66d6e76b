"""A world: one schedule as it runs. It puts everyone in place, chooses who takes the next turn, and lets time pass."""

from __future__ import annotations

from tests.simulation import history as told
from tests.simulation.actors import Actor
from tests.simulation.appointments import Appointments
from tests.simulation.chat import Chat
from tests.simulation.chronicle import Chronicle
from tests.simulation.clocks import Clocks
from tests.simulation.decisions import Decisions
from tests.simulation.doorbells import Doorbells
from tests.simulation.processes import Processes
from tests.simulation.producers import Producers
from tests.simulation.setup import START_MS, draw_setup
from tests.simulation.store import Store
from tests.simulation.turns import Turns
from tests.simulation.watched import APPLICATION, Faults
from tests.simulation.weather import Weather

_DRAINED_WITHIN_MS = 40_000
_TURNS_MOST = 5_000


class World:
    """One schedule.

    Attributes:
        chronicle: what has happened so far.
        chat: the API.
    """

    def __init__(self, store: Store, clocks: Clocks, draw: Decisions, *, tell: bool = False) -> None:
        self.setup = draw_setup(draw)
        self.chronicle = chronicle = Chronicle(self.setup, tell=tell)
        self.chat = Chat(draw, self.setup.bad_answer_one_in)
        self._store, self._draw = store, draw
        planned = Faults()
        weather = Weather(draw, chronicle, self.setup.fault_one_in)
        self._weather = weather
        self._doorbells = Doorbells(draw, chronicle, weather)
        self._processes = Processes(store, self.setup, draw, chronicle, planned, self._doorbells.ring)
        self._producers = Producers(store, draw, chronicle, weather, planned)
        self._appointments = Appointments(store, self.chat, chronicle, weather, self._log_in)
        self._turns = Turns(store, clocks, draw, chronicle, weather, self.chat, self._processes, planned)

    def run(self) -> told.History:
        """Lives it to its end."""
        self._store.empty()
        self._store.now_ms = self.chronicle.now_ms
        self._store.hset(f"rs:{{{APPLICATION}}}:policy", self.setup.policy)  # workers have been here before
        for _ in range(self.setup.workers):
            self._processes.start_worker()
        for n in range(1 + self._draw.below(3)):
            self._processes.start(Actor(f"producer {n + 1}", None, self._producers.one()))
        self._appointments.make(self.setup, self._draw)
        drained = self._take_turns()
        return told.History(self.setup, self.chronicle.events, drained, self.chronicle.now_ms)

    def _take_turns(self) -> bool:
        for _ in range(_TURNS_MOST):
            ready = [actor for actor in self._processes.actors if actor.wake_ms <= self.chronicle.now_ms]
            bells = self._doorbells.due() if self._processes.free() else []
            n = len(ready) + bool(bells)
            if n == 0:
                if self._weather.quiet and self._is_drained():
                    return True
                if self.chronicle.now_ms > START_MS + self.setup.active_ms + _DRAINED_WITHIN_MS:
                    return False
                self._pass_time()
                continue
            turn = self._draw.below(n) if n > 1 else 0
            if turn < len(ready):
                self._turns.take(ready[turn])
            else:
                self._processes.answer(self._doorbells.take_one(bells))
        return False

    def _log_in(self) -> None:
        self._processes.start(Actor("user 2", None, self._producers.log_in()))

    def _is_drained(self) -> bool:
        busy = self._producers.working or self.chat.next_ms() or self.chronicle.beside.waits()
        return not busy and self._processes.only_tick()

    def _pass_time(self) -> None:
        """Goes on to the next moment in which something can happen."""
        times = [actor.wake_ms for actor in self._processes.actors]
        times += [at for at in (self.chat.next_ms(), self._appointments.next_ms()) if at is not None]
        if self._processes.free():
            times += self._doorbells.times()
        self.chronicle.now_ms = self._store.now_ms = max(self.chronicle.now_ms, min(times))
        self._hear_of_api()
        self._appointments.keep_due()
        # A Redis that was away has let time pass: nobody takes an answer before it has been given (schedule 100145293).
        self._hear_of_api()

    def _hear_of_api(self) -> None:
        while (happened := self.chat.pop(self.chronicle.now_ms)) is not None:
            at_ms, number, what = happened
            event = told.Applied(at_ms, number) if what == "applied" else told.Ended(at_ms, number)
            self.chronicle.events.append(event)
            self.chronicle.tell(f"API      PUT {number} is {what}")
