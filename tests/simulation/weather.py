"""The weather: what goes wrong, and when. Every fault is drawn here; who meets it suffers it elsewhere."""

from __future__ import annotations

from tests.simulation.actors import Actor, Send, Step
from tests.simulation.chronicle import Chronicle
from tests.simulation.decisions import Decisions

AT_THE_STORE = ("answer lost", "refused", "die before", "die after")
_CALL_FAULTS = (*AT_THE_STORE, "slow answer", "pause", "suspend", "clock jump")
_SEND_FAULTS = ("die before", "die after", "pause", "suspend", "pause at the socket")
_DOORBELL_FAULTS = ("doorbell lost", "doorbell twice", "doorbell late")
_ASLEEP_MS = (60, 300, 900, 2_000)


class Weather:
    """One schedule's.

    Attributes:
        quiet: nothing goes wrong any more.
    """

    def __init__(self, draw: Decisions, chronicle: Chronicle, fault_one_in: int) -> None:
        self.quiet = False
        self._draw, self._chronicle = draw, chronicle
        self._fault_one_in = fault_one_in

    def goes_wrong(self, kind: str) -> bool:
        """Whether this fault happens now."""
        if not self._is_bad():
            return False
        self._chronicle.went_wrong(kind)
        return True

    def of_step(self, actor: Actor, step: Step) -> str:
        """The fault that a step meets; "" for none."""
        if not self._is_bad():
            return ""
        fault = self._draw.one_of(_SEND_FAULTS if isinstance(step, Send) else _CALL_FAULTS)
        if actor.worker is None and fault in ("suspend", "clock jump"):
            fault = "pause"
        self._chronicle.went_wrong(fault, actor.name)
        return fault

    def of_doorbell(self) -> str:
        """The fault that a doorbell meets; "" for none."""
        if not self._is_bad():
            return ""
        fault = self._draw.one_of(_DOORBELL_FAULTS)
        self._chronicle.went_wrong(fault)
        return fault

    def asleep_ms(self) -> int:
        """How long one is held up."""
        return self._draw.one_of(_ASLEEP_MS)

    def clock_jump_ms(self) -> int:
        """How far a clock jumps."""
        return self._draw.one_of((100, 400, 60_000))

    def _is_bad(self) -> bool:
        return not self.quiet and self._draw.once_in(self._fault_one_in)
