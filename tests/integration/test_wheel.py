"""What a web app installs: the wheel is built, installed into an empty environment, and looked at from inside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from importlib.util import find_spec
from pathlib import Path

import pytest

from stack.services import PROJECT

OURS = PROJECT / "producer" / "receipt_sync"
# The rest of the tree: names so general that they would push out a web app's own.
ROOMS = ("settings", "worker", "tasks", "sandbox", "stack", "traffic", "demo", "bench", "tests", "docker", "producer")


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command without anything of our environment but the PATH; answers what it printed."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `pip install` of a web app would, from the tree, with the build backend that is here."""
    directory = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory, cwd=PROJECT)
    [built] = directory.iterdir()
    assert built.name == "receipt_sync-0.1.0-py3-none-any.whl"
    return built


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as files:
        [name] = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(files.read(name))


def test_it_holds_the_producer_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        names = set(files.namelist())
    dist_info = {name for name in names if name.startswith("receipt_sync-0.1.0.dist-info/")}
    sources = {
        path.relative_to(OURS.parent).as_posix()
        for path in OURS.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names - dist_info == sources
    assert {
        "receipt_sync/py.typed",
        "receipt_sync/lua/record.lua",
        "receipt_sync/lua/slot.lua",
        "receipt_sync/lua/join.lua",
        "receipt_sync/lua/due.lua",
        "receipt_sync/lua/traces.lua",
    } <= names
    assert any(name.endswith("licenses/LICENSE") for name in dist_info)


def test_it_depends_on_redis_alone(metadata: Message) -> None:
    assert metadata.get_all("Requires-Dist") == [
        "redis>=6.4",
        "cryptography>=41; extra == 'encryption'",
        "redis[hiredis]>=6.4; extra == 'hiredis'",
    ]
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Provides-Extra") == ["encryption", "hiredis"]


# In an empty environment ----------------------------------------------------------------------------------------

IMPORTABLE = "import json, pkgutil; print(json.dumps(sorted({module.name for module in pkgutil.iter_modules()})))"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("environment")
    venv.create(directory, with_pip=False, symlinks=True)
    return directory


def importable(environment: Path) -> set[str]:
    return set(json.loads(run(environment / "bin" / "python", "-c", IMPORTABLE, cwd=environment)))


@pytest.fixture(scope="module")
def became_importable(environment: Path, wheel: Path) -> set[str]:
    before = importable(environment)
    pip = (sys.executable, "-m", "pip", "--python", environment / "bin" / "python", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=environment)
    return importable(environment) - before


def test_nothing_but_the_producer_becomes_importable(environment: Path, became_importable: set[str]) -> None:
    assert became_importable == {"receipt_sync"}
    assert not importable(environment) & set(ROOMS)
    [installed] = (environment / "lib").glob("python*/site-packages")
    assert {path.name for path in installed.iterdir()} == {"receipt_sync", "receipt_sync-0.1.0.dist-info"}


@pytest.fixture
def redis_alone(environment: Path, became_importable: set[str]) -> Iterator[Path]:
    """The environment with redis beside the wheel; nothing else of our own environment."""
    assert "redis" not in became_importable
    spec = find_spec("redis")
    assert spec
    assert spec.origin
    [installed] = (environment / "lib").glob("python*/site-packages")
    link = installed / "redis"
    link.symlink_to(Path(spec.origin).parent, target_is_directory=True)
    yield environment / "bin" / "python"
    link.unlink()


SAYS_NO = """
import receipt_sync
from receipt_sync.functions import RECORDING
receipts = receipt_sync.ReceiptQueue("redis://127.0.0.1:1/0")
assert "functions.record" in RECORDING.source
try:
    receipts.mark_dialog_read("no id", user_id=1)
except receipt_sync.InvalidReceipt as error:
    print(error)
"""


def test_with_redis_beside_it_it_works(redis_alone: Path, environment: Path) -> None:
    said = run(redis_alone, "-c", SAYS_NO, cwd=environment)
    assert said == "dialog_id: expected 24 lower-case hex digits, got str of length 5\n"


LOADED = """
import sys
import receipt_sync
files = {name.partition(".")[0]: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
print(*sorted(name for name, file in files.items() if "site-packages" in file))
"""


def test_importing_it_loads_redis_and_nothing_else_of_others(redis_alone: Path, environment: Path) -> None:
    assert run(redis_alone, "-c", LOADED, cwd=environment) == "receipt_sync redis\n"
