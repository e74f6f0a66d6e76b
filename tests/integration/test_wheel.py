"""What a web app installs: the wheel is built, installed into an empty environment, and looked at from inside it."""

from __future__ import annotations

import sys
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
import redis

from stack.redis_server import RedisServer
from stack.services import PROJECT
from tests.integration.wheels import Environment, build, interpreter, link_redis, run
from tests.ledger_audit import Accounts, audit

OURS = PROJECT / "producer" / "receipt_sync"
# The rest of the tree: names so general that they would push out a web app's own.
ROOMS = ("settings", "worker", "tasks", "sandbox", "stack", "traffic", "demo", "bench", "tests", "docker", "producer")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


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
        "celery>=5.5; extra == 'celery'",
        "cryptography>=41; extra == 'encryption'",
        "redis[hiredis]>=6.4; extra == 'hiredis'",
    ]
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Provides-Extra") == ["celery", "encryption", "hiredis"]


# In an empty environment ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("environment") / "empty")


@pytest.fixture(scope="module")
def became_importable(environment: Environment, wheel: Path) -> set[str]:
    return environment.install(wheel)


def test_nothing_but_the_producer_becomes_importable(environment: Environment, became_importable: set[str]) -> None:
    assert became_importable == {"receipt_sync"}
    assert not environment.importable() & set(ROOMS)
    installed = {path.name for path in environment.packages.iterdir()}
    assert installed == {"receipt_sync", "receipt_sync-0.1.0.dist-info"}


def test_nor_by_an_editable_install(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "environment")
    (tmp_path / "wheel").mkdir()
    assert environment.install(build(tmp_path / "wheel", editable=True)) == {"receipt_sync"}
    assert not environment.importable() & set(ROOMS)
    found = "from importlib.util import find_spec; print(find_spec('receipt_sync').origin)"
    assert environment.run("-c", found) == f"{OURS / '__init__.py'}\n"


@pytest.fixture(scope="module")
def with_redis(environment: Environment, became_importable: set[str]) -> Environment:
    """The environment with redis beside the wheel."""
    assert "redis" not in became_importable
    link_redis(environment.packages)
    return environment


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


def test_with_redis_beside_it_it_works(with_redis: Environment) -> None:
    said = with_redis.run("-c", SAYS_NO)
    assert said == "dialog_id: expected 24 lower-case hex digits, got str of length 5\n"


LOADED = """
import sys
import redis
def loaded():
    files = {name.partition(".")[0]: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
    return {name for name, file in files.items() if "/lib/python" not in file or "site-packages" in file}
before = loaded()
import receipt_sync
print(*sorted(loaded() - before))
"""


def test_importing_it_loads_redis_and_nothing_else_of_others(with_redis: Environment) -> None:
    assert with_redis.run("-c", LOADED) == "receipt_sync\n"


def test_nor_where_all_that_it_could_load_is_there(tmp_path: Path) -> None:
    """Our own environment has Celery, cryptography, Sentry, gevent and pytest: each is loaded by who asks for it."""
    program = f"import sys; sys.path.insert(0, {str(OURS.parent)!r})\n{LOADED}"
    assert run(sys.executable, "-c", program, cwd=tmp_path) == "receipt_sync\n"


# Types, for whoever checks a web app ----------------------------------------------------------------------------

TYPED = """
import redis
from receipt_sync import AsyncReceiptQueue, InvalidReceipt, LocalBuffer, MarkRead, ReceiptQueue, ToBroker
from receipt_sync.testing import FakeReceiptQueue

receipts = ReceiptQueue(client=redis.Redis(), when_down=LocalBuffer(most=5))
receipts.mark_dialog_read("d", user_id=1, message_ids=("m",))
receipts.record_many(MarkRead(dialog_id="d", user_id=user) for user in (1, 2))
waiting: int = receipts.flush()
fake: ReceiptQueue = FakeReceiptQueue()


async def view() -> None:
    queue = AsyncReceiptQueue.from_env(when_down=ToBroker(object()))
    try:
        await queue.edit_message("d", "m", "text", token="t", revision=1)
    except InvalidReceipt as error:
        print(error.argument.upper())


receipts.mark_dialog_read(5, user_id=1)  # type: ignore[arg-type]
receipts.mark_dialog_read("d", user_id="1")  # type: ignore[arg-type]
receipts.mark_dialog_read("d", user=1)  # type: ignore[arg-type]
receipts.mark_dialog_read("d", 1)  # type: ignore[call-arg]
receipts.edit_message("d", "m")  # type: ignore[call-arg]
receipts.record_many(["d"])  # type: ignore[list-item]
receipts.mark_all_read("d")  # type: ignore[attr-defined]
receipts.flush().upper()  # type: ignore[attr-defined]
"""


def test_a_web_apps_file_is_checked_against_it_by_mypy(with_redis: Environment, tmp_path: Path) -> None:
    """Strict: an error that is expected above and not found is one, too."""
    (tmp_path / "views.py").write_text(TYPED, encoding="utf-8")
    mypy = (sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache")
    said = run(*mypy, "--python-executable", with_redis.python, "views.py", cwd=tmp_path)
    assert said == "Success: no issues found in 1 source file\n"


# On every Python ------------------------------------------------------------------------------------------------

RECORDS = """
import asyncio, sys
from concurrent.futures import ThreadPoolExecutor
from receipt_sync import AsyncReceiptQueue, EditMessage, LocalBuffer, MarkDelivered, ReceiptQueue

url, dialog, message = sys.argv[1], "d" * 24, "e" * 24
receipts = ReceiptQueue(url, timeout_s=10, when_down=LocalBuffer())
receipts.mark_dialog_read(dialog, user_id=1, up_to=message)
receipts.record_many([MarkDelivered(dialog_id=dialog, user_id=user) for user in (2, 3)])
with ThreadPoolExecutor(4) as threads:
    list(threads.map(lambda user: receipts.mark_dialog_read(dialog, user_id=user), range(4, 24)))
receipts.close()


async def edits():
    queue = AsyncReceiptQueue(url, timeout_s=10)
    edit = EditMessage(dialog_id=dialog, message_id=message, text="edited", user_id=1)
    await asyncio.gather(queue.record_many([edit]), queue.mark_dialog_read(dialog, user_id=24))
    await queue.aclose()


asyncio.run(edits())
print(*sys.version_info[:2], sep=".")
"""


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as an installer leaves it, with redis beside it: both are plain Python, for every version."""
    directory = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(directory)
    link_redis(directory)
    return directory


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_it_records_on_every_python_that_it_names(
    version: str, metadata: Message, unpacked: Path, redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    assert f"Programming Language :: Python :: {version}" in metadata.get_all("Classifier", [])
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    # Its own packages alone: not those of the environment that the tests run in.
    program = f"import sys; sys.path.insert(0, {str(unpacked)!r})\n{RECORDS}"
    said = run(python, "-IB", "-W", "error", "-c", program, redis_server.url, cwd=unpacked)
    assert said == f"{version}\n"
    assert audit(redis_client, "default") == Accounts(recorded=25, pending=25)
