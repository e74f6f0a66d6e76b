"""BullMQ, installed by npm where it is not yet; Node and npm are the machine's, or missing."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

HERE = Path(__file__).absolute().parent
_PACKAGES = HERE / "node_modules"
_NPM_INSTALL = ("install", "--no-package-lock", "--no-audit", "--no-fund", "--no-progress")
_WITHIN_S = 300.0


class MissingError(Exception):
    """There is no BullMQ to measure; the text says why, for the figure."""


@cache
def node() -> str:
    """The program that runs BullMQ, which is installed on the first call.

    Raises:
        MissingError: Node or npm is not on this machine, or npm could not install what package.json pins.
    """
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        raise MissingError("BullMQ was left out: it needs node and npm on the PATH")
    if versions() != _pinned():
        _install(npm)
    return found


def versions() -> dict[str, str]:
    """What is installed of what package.json names."""
    manifests = {name: _PACKAGES / name / "package.json" for name in _pinned()}
    return {name: json.loads(path.read_text())["version"] for name, path in manifests.items() if path.exists()}


def _pinned() -> dict[str, str]:
    return dict(json.loads((HERE / "package.json").read_text())["dependencies"])


def _install(npm: str) -> None:
    try:
        ended = subprocess.run(
            [npm, *_NPM_INSTALL], cwd=HERE, capture_output=True, text=True, timeout=_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise MissingError(f"BullMQ was left out: npm install took more than {_WITHIN_S:g} s") from None
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["without a word"])[-1]
        raise MissingError(f"BullMQ was left out: npm install failed: {last}")
