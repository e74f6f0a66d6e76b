"""Ports of 127.0.0.1 that nobody listens on."""

import random
import socket

# Below the ports that Linux (32768) and macOS (49152) give to outgoing connections: a client that knocks at the port of
# a server just killed could otherwise be given that very port as its own, connect to itself, and block the restart.
LOWEST, HIGHEST = 20_000, 32_000
ATTEMPTS = 200

_given: set[int] = set()


def free_port() -> int:
    """Find a port that is free now; the same process never gets one twice.

    Raises:
        OSError: None was found.
    """
    for _ in range(ATTEMPTS):
        port = random.SystemRandom().randint(LOWEST, HIGHEST)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise OSError(f"no free port of 127.0.0.1 found in {ATTEMPTS} attempts between {LOWEST} and {HIGHEST}")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
