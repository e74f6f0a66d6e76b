"""Ports of 127.0.0.1 that nobody listens on."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

# Below the ports that Linux (32768) and macOS (49152) give to outgoing connections: a client that knocks at the port of
# a server just killed could otherwise be given that very port as its own, connect to itself, and block the restart.
LOWEST, HIGHEST = 20_000, 32_000
ATTEMPTS = 200

# A port is asked for some time before it is listened on. Meanwhile it is this process' by a lock on a file, which the
# system takes back however the process ends: tests run side by side, and draw from the same ports.
_given: dict[int, int] = {}


def free_port() -> int:
    """Find a port that is free now; as long as this process lives neither it nor another one gets it again.

    Raises:
        OSError: None was found.
    """
    for _ in range(ATTEMPTS):
        port = random.SystemRandom().randint(LOWEST, HIGHEST)
        if port not in _given and _is_claimed(port) and _is_free(port):
            return port
    raise OSError(f"no free port of 127.0.0.1 found in {ATTEMPTS} attempts between {LOWEST} and {HIGHEST}")


def _is_claimed(port: int) -> bool:
    """Claim it; answers whether no other process has."""
    directory = Path(tempfile.gettempdir()) / f"receipt-sync-ports-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(directory / str(port), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return False
    _given[port] = lock
    return True


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
