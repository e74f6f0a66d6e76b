"""The report: a small file in which a process says how it is, written anew every few seconds.

A file, for the process that is asked may be the one that cannot answer. Its age is by the machine's monotonic clock,
which all its processes share: a laptop that slept has not made the report any older.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from worker.private_directory import make_private, of_this_user

DIRECTORY = "RECEIPTS_HEALTH_DIR"


@dataclass(frozen=True, slots=True)
class Report:
    """How a process is.

    Attributes:
        role: `worker` or `beat`.
        pid: its main process.
        name: Celery's name of it; nothing private.
        live: whether it should go on; False: it must be ended.
        ready: whether it does its work now.
        why: what is amiss, in plain words; '' where nothing is.
        written_s: when, on the machine's monotonic clock.
    """

    role: str
    pid: int
    name: str
    live: bool
    ready: bool
    why: str
    written_s: float

    @property
    def age_s(self) -> float:
        """Seconds since it was written; a time of before the machine's start is older than any."""
        age_s = time.monotonic() - self.written_s
        return age_s if age_s >= 0 else float("inf")

    @property
    def is_of_a_living_process(self) -> bool:
        """Whether a process of this id lives; it may be another one, then the report is old."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def directory(chosen: Path | str | None) -> Path:
    """Where reports are: what is set, or a directory of this user's among the temporary ones."""
    return Path(chosen) if chosen else of_this_user("health")


class Reporter:
    """Writes the reports of one process, and takes the last one away when it ends well.

    Args:
        where: the directory; made unless it exists.
        role: of the report.
        name: of the report.

    Raises:
        OSError: the directory cannot be made or written; the one that is used unless another is set: it is somebody
            else's, or others may write into it.
    """

    def __init__(self, where: Path, role: str, name: str) -> None:
        if where == of_this_user("health"):
            make_private(where)
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(where, os.W_OK):
            raise PermissionError(f"{where} cannot be written")
        for old in reports(where, role):
            if not old.is_of_a_living_process:
                _path(where, role, old.pid).unlink(missing_ok=True)
        self._where, self._role, self._name = where, role, name

    def write(self, *, live: bool, ready: bool, why: str = "") -> None:
        """Writes how it is now; whoever reads meanwhile reads the one before, whole.

        Raises:
            OSError: it cannot be written: the disk is full, the directory is gone.
        """
        pid = os.getpid()
        report = Report(self._role, pid, self._name, live, ready, why, time.monotonic())
        path = _path(self._where, self._role, pid)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with fresh.open("x", encoding="utf-8") as file:  # no link of another's that lies there is followed
            file.write(json.dumps(asdict(report)))
        fresh.replace(path)

    def end(self) -> None:
        """The process ends, as it should."""
        with suppress(OSError):
            _path(self._where, self._role, os.getpid()).unlink(missing_ok=True)


def reports(where: Path, role: str) -> list[Report]:
    """All reports of a role, of the dead as well; one that cannot be read is left out."""
    found = []
    for path in sorted(where.glob(f"{role}-*.json")):
        with suppress(OSError, ValueError, TypeError):
            found.append(Report(**json.loads(path.read_text(encoding="utf-8"))))
    return found


def _path(where: Path, role: str, pid: int) -> Path:
    return where / f"{role}-{pid}.json"
