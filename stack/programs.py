"""Programs that the machine has, or has not: servers and a browser from Debian's packages."""

import shutil
from pathlib import Path

PACKAGES = "redis-server redis-sentinel rabbitmq-server prometheus chromium"


def program(name: str) -> Path:
    """Where it is.

    Raises:
        FileNotFoundError: it is not on the PATH; the message names the packages.
    """
    # Debian keeps servers in sbin, which is not on everybody's PATH.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise FileNotFoundError(f"no {name} on this machine; on Debian: apt-get install {PACKAGES}")
    return Path(found)
