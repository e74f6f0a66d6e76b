"""Directories among the temporary ones, where everybody may put something: ours are this user's alone.

Beat's state is unpickled, and a health report is believed and written through whatever lies at its name: neither may be
somebody else's doing.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def of_this_user(name: str) -> Path:
    """Where this user's directory of a name is, e.g. `/tmp/receipt-sync-beat-1000`; it may not exist yet."""
    return Path(tempfile.gettempdir()) / f"receipt-sync-{name}-{os.getuid()}"


def make_private(where: Path) -> None:
    """Makes a directory for this user alone, unless it exists.

    Raises:
        PermissionError: it is somebody else's, a link, or one that others may write into.
        OSError: it cannot be made.
    """
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = where.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{where} is no directory of its own")
    if found.st_uid != os.getuid():
        raise PermissionError(f"{where} belongs to user {found.st_uid}, not to {os.getuid()}")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"others may write into {where}")
