"""Who is whose child: psutil's word, which needs no `ps` (a small Debian has none) and knows macOS."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Row:
    """A process that lives: not a zombie, but perhaps stopped by a signal."""

    pid: int
    parent: int
    group: int
    stopped: bool


def rows() -> list[Row]:
    """All processes of this machine that live and that we may see."""
    return list(_living())


def _living() -> Iterator[Row]:
    for process in psutil.process_iter():
        try:
            status = process.status()
            if status != psutil.STATUS_ZOMBIE:
                group = os.getpgid(process.pid)
                yield Row(process.pid, process.ppid(), group, stopped=status == psutil.STATUS_STOPPED)
        except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError, PermissionError):
            continue  # it has ended since, or is not ours
