"""The marks of one user in one dialog: which PUT covered which, told by walking through both in order of time."""

from dataclasses import dataclass, field

from traffic.arrivals import Kind
from traffic.evidence import Accepted, Recorded
from traffic.fates import Fates

_FLAGS: tuple[Kind, Kind] = ("read", "delivered")


@dataclass(slots=True)
class MarkWalk:
    """One walk; `record` and `put` are called in order of time, `end` last."""

    fates: Fates
    _pending: dict[Kind, list[Recorded]] = field(default_factory=lambda: {flag: [] for flag in _FLAGS})
    _named: dict[Kind, set[str]] = field(default_factory=lambda: {flag: set() for flag in _FLAGS})

    def record(self, mark: Recorded) -> None:
        """A mark was recorded."""
        if mark.message in self._named[mark.kind]:
            self.fates.absorbed.append(mark)
        else:
            self._pending[mark.kind].append(mark)

    def put(self, put: Accepted) -> None:
        """A PUT of the whole dialog was accepted."""
        carried = [flag for flag, set_ in zip(_FLAGS, (put.read, put.delivered), strict=True) if set_]
        covered = [mark for flag in carried for mark in self._pending[flag]]
        self.fates.cover(covered, put)
        for mark in covered:
            if mark.message:
                self._named[mark.kind].add(mark.message)
        for flag in carried:
            self._pending[flag].clear()

    def end(self) -> None:
        """Nothing more comes."""
        self.fates.uncovered += [mark for flag in _FLAGS for mark in self._pending[flag]]
