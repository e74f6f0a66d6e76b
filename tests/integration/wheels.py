"""What a web app installs, for tests: the wheel and the editable wheel, and empty environments to put them into."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from stack.services import PROJECT

_IMPORTABLE = "import json, pkgutil; print(json.dumps(sorted({module.name for module in pkgutil.iter_modules()})))"
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command without anything of our environment but the PATH; answers what it printed."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(directory: Path, *, editable: bool = False, project: Path = PROJECT) -> Path:
    """The wheel as `pip install` of a web app builds it, with the build backend that is here; or that of `pip -e`."""
    hook = "build_editable" if editable else "build_wheel"
    program = f"import sys; from hatchling.build import {hook}; {hook}(sys.argv[1])"
    run(sys.executable, "-c", program, directory, cwd=project)
    [built] = directory.iterdir()
    assert built.name == "receipt_sync-0.1.0-py3-none-any.whl"
    return built


class Environment:
    """An environment that is empty when it is made: no pip, nothing of ours.

    Args:
        directory: where it will be.
    """

    def __init__(self, directory: Path) -> None:
        run(sys.executable, "-m", "venv", "--without-pip", directory, cwd=directory.parent)
        self.directory = directory
        self.python = directory / "bin" / "python"
        [self.packages] = (directory / "lib").glob("python*/site-packages")

    def run(self, *arguments: str | Path) -> str:
        """Runs its interpreter in its directory."""
        return run(self.python, *arguments, cwd=self.directory)

    def importable(self) -> set[str]:
        """The top-level names that can be imported."""
        return set(json.loads(self.run("-c", _IMPORTABLE)))

    def install(self, wheel: Path) -> set[str]:
        """Installs a wheel by our pip; answers what has become importable by that."""
        before = self.importable()
        self.run(_pip(), "--disable-pip-version-check", "install", "--quiet", "--no-index", "--no-deps", wheel)
        return self.importable() - before


def link_redis(packages: Path) -> None:
    """Puts our redis into a directory of packages, which is plain Python, and nothing else of our own environment."""
    spec = find_spec("redis")
    assert spec
    assert spec.origin
    (packages / "redis").symlink_to(Path(spec.origin).parent, target_is_directory=True)


def _pip() -> Path:
    """Our pip, as a program that any interpreter can run."""
    spec = find_spec("pip")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


@cache
def interpreter(version: str) -> Path | None:
    """A Python of this version ("3.12"), if the machine has one that starts."""
    named = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [Path(named)] if named else []
    # pyenv's own `python3.12` starts only where that version has been chosen.
    found += sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)
    return next((each for each in found if _version_of(each) == version), None)


def _version_of(python: Path) -> str:
    said = subprocess.run([python, "-c", _VERSION], capture_output=True, text=True, check=False)
    return said.stdout.strip()
