"""Holdings: what each process of the pool holds in flight, in memory that is shared by fork.

For the day a process of the pool is killed and its worker told to stop: the main process reads what the dead one held
and hands it back, long before the leases run out. A process has a place of its own and locks it; the kernel drops the
lock with the process. What a dying process could not note any more is healed by its lease, as everything else here.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import struct
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

_PLACES = 256
_PLACE_BYTES = 65_536
# What is locked beside the places: who looks whether there is room, and the one sync that stays (staying.py).
_ROOM, _SEAT = _PLACES, _PLACES + 1
_SEAT_AT = _PLACES * _PLACE_BYTES  # whether it is taken, or its process has died in it
_BYTES = _SEAT_AT + 1
_HEADER = struct.Struct("=?I")  # a task is running; length of the note, 0 for one that is no sync
_NOTHING = b"{}"
_SINCE = struct.Struct("=d")  # when its sync began; at the end of the place
_SINCE_AT = _PLACE_BYTES - _SINCE.size
_SIGN = struct.Struct("=Id")  # the process's id, and its last sign of life; before that
_SIGN_AT = _SINCE_AT - _SIGN.size
_STEP_S = 0.01
_ENTERS_BY_S = 1.0

Claim = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Lost:
    """What a dead process held: (slot, generation) of each claim, by application."""

    place: int
    claims: dict[str, list[Claim]]


class Holdings:
    """Made by the main process before it forks; the processes of its pool write, the main process reads."""

    def __init__(self) -> None:
        self._main = os.getpid()
        with tempfile.TemporaryFile() as file:
            file.truncate(_BYTES)
            self._memory = mmap.mmap(file.fileno(), _BYTES)
            # Open as long as the process lives: closing it would unlock.
            self._file = os.dup(file.fileno())
        self._mine: int | None = None

    def begin(self) -> None:
        """A task begins in this process. Nothing is noted in a pool of threads, which dies with its main process."""
        if os.getpid() == self._main:
            return
        if self._mine is None:
            self._mine = self._take_place()
        if self._mine is not None:
            self.sign_of_life()
            self._write(self._mine, running=True)

    def sign_of_life(self) -> None:
        """This process is at its task still; to be called now and then while it lasts."""
        if self._mine is not None:
            _SIGN.pack_into(self._memory, self._mine * _PLACE_BYTES + _SIGN_AT, os.getpid(), time.monotonic())

    def working(self) -> dict[int, float]:
        """The living processes that run a task, by id: when they gave their last sign of life."""
        places = [place for place in range(_PLACES) if self._is_running(place) and not self._is_dead(place)]
        return dict(_SIGN.unpack_from(self._memory, place * _PLACE_BYTES + _SIGN_AT) for place in places)

    def enter_sync(self, most: int, lasting_s: float) -> bool:
        """A sync begins in this process; False when as many run in this worker already, and all of them last.

        While one of them is young it is waited for: it may be over in a moment, and then it serves nobody else. False
        as well when that has taken a second: the next tick rings again.
        """
        until_s = time.monotonic() + _ENTERS_BY_S
        while self._mine is not None:
            with self._alone():
                ages_s = self._other_syncs_s()
                if len(ages_s) < most:
                    self._begin_sync(self._mine)
                    return True
            if min(ages_s) >= lasting_s or time.monotonic() >= until_s:
                return False
            time.sleep(_STEP_S)
        return True

    def leave_sync(self) -> None:
        """The sync of this process claims no more and holds nothing: it answers no doorbell that comes from now on."""
        if self._mine is not None:
            self._write(self._mine, running=True)

    def note(self, claims: Mapping[str, Iterable[Claim]]) -> None:
        """What this process has in flight now, in place of what it noted before."""
        if self._mine is not None:
            self._write(
                self._mine, json.dumps({name: list(held) for name, held in claims.items()}).encode(), running=True
            )

    def end(self) -> None:
        """The task has ended."""
        if self._mine is not None:
            self._write(self._mine, running=False)

    def take_seat(self) -> bool:
        """A sync of this process would like to stay; False while one of another does, and in a pool of threads."""
        if self._mine is None or not self._lock(_SEAT):
            return False
        self._memory[_SEAT_AT] = True
        return True

    def leave_seat(self) -> None:
        """It stays no longer."""
        self._memory[_SEAT_AT] = False
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _SEAT)

    def is_seat_taken(self) -> bool:
        """Whether a sync stays in a living process; for the main process: to look would unlock one's own seat."""
        return bool(self._memory[_SEAT_AT]) and not self._is_dead(_SEAT)

    def running(self) -> bool:
        """Whether a living process runs a task."""
        return any(self._is_running(place) and not self._is_dead(place) for place in range(_PLACES))

    def lost(self) -> list[Lost]:
        """What dead processes were running, until `forget`."""
        dead = [place for place in range(_PLACES) if self._is_running(place) and self._is_dead(place)]
        return [self._read(place) for place in dead]

    def forget(self, lost: Lost) -> None:
        """It has been handed back."""
        self._write(lost.place, running=False)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process is in here: two that look together would both find room."""
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _ROOM)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _ROOM)

    def _begin_sync(self, place: int) -> None:
        _SINCE.pack_into(self._memory, place * _PLACE_BYTES + _SINCE_AT, time.monotonic())
        self._write(place, _NOTHING, running=True)

    def _other_syncs_s(self) -> list[float]:
        """How long each sync in another process has lasted."""
        # Its own place is left out: to look whether its process is dead would unlock it.
        running = [place for place in range(_PLACES) if place != self._mine and self._is_running(place)]
        syncs = [place for place in running if self._length(place) > 0 and not self._is_dead(place)]
        now_s = time.monotonic()
        return [now_s - _SINCE.unpack_from(self._memory, place * _PLACE_BYTES + _SINCE_AT)[0] for place in syncs]

    def _take_place(self) -> int | None:
        # One that holds what a dead process left is taken last, when its leases have long run out.
        for place in sorted(range(_PLACES), key=self._is_running):
            if self._lock(place):
                return place
        return None

    def _is_running(self, place: int) -> bool:
        return bool(self._memory[place * _PLACE_BYTES])

    def _is_dead(self, place: int) -> bool:
        if not self._lock(place):
            return False
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)
        return True

    def _lock(self, place: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            return False
        return True

    def _write(self, place: int, note: bytes = b"", *, running: bool) -> None:
        """Length 0 first and the length last: who is killed in between leaves no half a note."""
        if len(note) > _SIGN_AT - _HEADER.size:
            note = _NOTHING
        at = place * _PLACE_BYTES
        _HEADER.pack_into(self._memory, at, running, 0)
        if note:
            self._memory[at + _HEADER.size : at + _HEADER.size + len(note)] = note
            _HEADER.pack_into(self._memory, at, running, len(note))

    def _length(self, place: int) -> int:
        return int(_HEADER.unpack_from(self._memory, place * _PLACE_BYTES)[1])

    def _read(self, place: int) -> Lost:
        at, length = place * _PLACE_BYTES, self._length(place)
        if length == 0:
            return Lost(place, {})
        claims = json.loads(self._memory[at + _HEADER.size : at + _HEADER.size + length])
        return Lost(place, {name: [(slot, generation) for slot, generation in held] for name, held in claims.items()})
