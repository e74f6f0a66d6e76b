"""A Celery application of others, in a process that cannot import our code: what it sends is done, or a dead letter.

The program is tests/clients/second_app.py, which docs/celery-clients.md shows. The same from Node: tests/clients.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.services import PROJECT
from tests.clients.calls import Calls, sent_and_seen, start_with_users
from tests.running import System, until

SECOND_APP = PROJECT / "tests" / "clients" / "second_app.py"
_OURS = ("receipt_sync", "worker", "tasks", "settings", "tests")


def without_our_code(*arguments: str, given: str, cwd: Path) -> str:
    """Runs Python with Celery and nothing of ours to import; answers what it printed."""
    # Isolated: neither PYTHONPATH nor the directory of the program counts.
    ran = subprocess.run(
        [sys.executable, "-I", *arguments],
        cwd=cwd,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = start_with_users(tmp_path_factory.mktemp("clients"))
    try:
        system.start_worker()
        yield system
    finally:
        system.stop()


def test_it_has_none_of_our_code(tmp_path: Path) -> None:
    program = f"from importlib.util import find_spec; print([name for name in {_OURS} if find_spec(name)])"
    assert without_our_code("-c", program, given="", cwd=tmp_path) == "[]\n"
    assert not any(f"import {name}" in SECOND_APP.read_text(encoding="utf-8") for name in _OURS)


def test_what_it_sends_is_seen_at_the_chat_api_or_among_the_dead_letters(system: System, tmp_path: Path) -> None:
    def send(calls: Calls) -> list[str]:
        url = system.redis_server.url_of("sender")
        given = "\n".join(map(json.dumps, calls))
        return without_our_code(str(SECOND_APP), url, given=given, cwd=tmp_path).split()

    sent_and_seen(system, send, number=1)


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("user", "encoding", "encode"),
    # celery-ts says "utf-8", and kombu understands it.
    [(1, {}, str), (2, {"body_encoding": "utf-8"}, str), (3, {"body_encoding": "base64"}, base64_of)],
    ids=["plain", "utf-8", "base64"],
)
def test_the_raw_message_of_the_page_is_taken(
    system: System, user: int, encoding: dict[str, str], encode: Callable[[str], str]
) -> None:
    """The page's JSON as it stands, but for the user: any language can make it."""
    page = (PROJECT / "docs" / "celery-clients.md").read_text(encoding="utf-8")
    envelope, body = [json.loads(block.partition("```")[0]) for block in page.split("```json\n")[1:3]]
    body[1]["user_id"] = user
    envelope |= {"properties": envelope["properties"] | encoding, "body": encode(json.dumps(body))}
    slot = f"rs:{{default}}:m:{body[1]['dialog_id']}:u{user}"
    assert not system.redis.exists(slot)
    system.redis.lpush("receipts", json.dumps(envelope))
    until(lambda: bool(system.redis.exists(slot)), "the page's own receipt recorded")


def test_the_page_shows_the_programs_that_are_tested() -> None:
    page = (PROJECT / "docs" / "celery-clients.md").read_text(encoding="utf-8")
    for language, name in (("python", "second_app.py"), ("js", "client.mjs")):
        program = (SECOND_APP.parent / name).read_text(encoding="utf-8")
        [shown] = [block.partition("```")[0] for block in page.split(f"```{language}\n")[1:]]
        assert shown in program
    pinned = json.loads((SECOND_APP.parent / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert f"celery.node) {pinned['celery-node']}, over Redis" in page
