"""The examples for real: a request to the server, a receipt, and its PUT at the chat API, sent by a worker."""

from __future__ import annotations

import hmac
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from stack.process import Process
from tests.examples.apps import EXAMPLES, App, example_environment, producer_settings, run
from tests.examples.conftest import WEBHOOK_SECRET
from tests.running import PATIENCE_S, Call, System, until

ANN, BOB = 123, 7
# Those of Django's demo data; the message is Ann's.
DIALOG, OTHER, MESSAGE = "53a99a7be4b094c7c6d31b41", "53a99a7be4b094c7c6d31b42", "53aabe15e4b077ddd43e7fd3"
NEWEST = "53aabe15e4b077ddd43e7fd4"


@pytest.fixture(scope="module", autouse=True)
def world(system: System) -> None:
    said = {MESSAGE: (ANN, "helo"), NEWEST: (BOB, "hello"), NEWEST[:-1] + "5": (BOB, "hello")}
    system.api.build_world(
        users=[ANN, BOB],
        dialogs=[{"_id": each, "type": 2, "occupants_ids": [ANN, BOB]} for each in (DIALOG, OTHER)],
        messages=[
            {"_id": id_, "chat_dialog_id": OTHER if id_.endswith("5") else DIALOG, "sender_id": sender, "message": text}
            for id_, (sender, text) in said.items()
        ],
    )


def sent(system: System, dialog_id: str, user_id: int = ANN, **body: str) -> list[Call]:
    """The PUTs that were carried out for a user, with all that is named in their bodies."""
    expected = {"chat_dialog_id": dialog_id, **body}
    return [call for call in system.applied() if call.user_id == user_id and expected.items() <= _body(call).items()]


def _body(call: Call) -> dict[str, Any]:
    return dict(json.loads(call.body))


def wait_for(system: System, dialog_id: str, user_id: int = ANN, **body: str) -> Call:
    until(lambda: bool(sent(system, dialog_id, user_id, **body)), f"a PUT for {dialog_id} with {body}")
    return sent(system, dialog_id, user_id, **body)[0]


def recorded(system: System) -> int:
    return system.accounts().recorded


# Django --------------------------------------------------------------------------------------------------------------


def test_django_records_what_was_committed(system: System, django: App) -> None:
    assert django.post("/read/", json={"dialogs": {DIALOG: NEWEST}}).status_code == 204
    wait_for(system, DIALOG, read="1")


def test_django_records_nothing_of_a_request_that_is_rolled_back(system: System, django: App) -> None:
    before, puts = recorded(system), sent(system, OTHER)
    refused = django.post("/read/", json={"dialogs": {OTHER: NEWEST, "f" * 24: NEWEST}})
    assert refused.status_code == 404
    assert refused.json() == {"error": f"you are not in dialog {'f' * 24}"}
    assert recorded(system) == before
    wrong = django.post("/read/", json={"dialogs": {OTHER: "newest"}})
    assert wrong.status_code == 400
    assert wrong.json()["error"].startswith("up_to: expected 24 lower-case hex digits")
    assert recorded(system) == before
    assert sent(system, OTHER) == puts


def test_django_edits_in_the_order_of_its_database(system: System, django: App) -> None:
    for text in ("hell", "hello"):
        assert django.post(f"/messages/{MESSAGE}/edit/", data={"text": text}).status_code == 200
    put = wait_for(system, DIALOG, message="hello")
    assert put.path == f"/chat/Message/{MESSAGE}.json"


# Flask and FastAPI ---------------------------------------------------------------------------------------------------


def test_flask_records_what_the_user_has_read_and_received(system: System, flask: App) -> None:
    read, _ = system.dialog(1)
    received, messages = system.dialog(2)
    assert flask.post(f"/dialogs/{read}/read", json={}).status_code == 202
    assert flask.post(f"/dialogs/{received}/delivered", json={"message_ids": messages[:1]}).status_code == 202
    wait_for(system, read, read="1")
    assert messages[0] in wait_for(system, received, delivered="1").path
    assert flask.post("/dialogs/abc/read", json={}).status_code == 400


def test_fastapi_records_all_that_a_device_tells(system: System, fastapi: App) -> None:
    opened, _ = system.dialog(3)
    read, messages = system.dialog(4)
    assert fastapi.post(f"/dialogs/{opened}/read", json={}).status_code == 202
    reports = [{"kind": kind, "dialog_id": read, "up_to": messages[-1]} for kind in ("read", "delivered")]
    assert fastapi.post("/reports", json=reports).status_code == 202
    wait_for(system, opened, read="1")
    wait_for(system, read, read="1", delivered="1")
    assert fastapi.post("/dialogs/abc/read", json={}).status_code == 400


# The webhook ---------------------------------------------------------------------------------------------------------


def tell(webhook: App, **fields: object) -> httpx.Response:
    """Sends an event as a chat server does."""
    event = {"type": "message.displayed", "user_id": ANN, "occurred_ms": int(time.time() * 1000), **fields}
    body, at = json.dumps(event).encode(), str(int(time.time()))
    digest = hmac.new(WEBHOOK_SECRET.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    return webhook.post("/events", content=body, headers={"X-Chat-Signature": f"t={at},v1={digest}"})


def test_an_event_that_is_told_twice_is_sent_once(system: System, webhook: App) -> None:
    dialog, messages = system.dialog(5)
    assert tell(webhook, dialog_id=dialog, message_id=messages[0]).status_code == 202
    wait_for(system, dialog, read="1")
    system.wait_until_settled()
    assert tell(webhook, dialog_id=dialog, message_id=messages[0]).status_code == 202
    edit = {"type": "message.corrected", "user_id": BOB, "dialog_id": dialog, "message_id": messages[1]}
    now_ms = int(time.time() * 1000)
    assert tell(webhook, **edit, text="newer", occurred_ms=now_ms).status_code == 202
    assert tell(webhook, **edit, text="older", occurred_ms=now_ms - 1000).status_code == 202
    wait_for(system, dialog, BOB, message="newer")
    system.wait_until_settled()
    assert len(sent(system, dialog)) == 1
    assert system.api.message(messages[1])["message"] == "newer"


def test_an_event_of_nobody_is_refused(system: System, webhook: App) -> None:
    before = recorded(system)
    assert webhook.post("/events", content=b"{}", headers={"X-Chat-Signature": f"t=1,v1={'0' * 64}"}).status_code == 401
    assert tell(webhook, dialog_id="abc", message_id=MESSAGE).status_code == 400
    assert recorded(system) == before


# Beat ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    return tmp_path / "chats.sqlite3"


@pytest.fixture
def nightly(system: System, chats: Path, tmp_path: Path) -> Iterator[Process]:
    """Beat and a worker of the example; a night lasts a second."""
    options = ["worker", "--beat", "--pool", "solo", "--loglevel", "INFO", "--schedule", str(tmp_path / "beat")]
    settings = {
        **producer_settings(system),
        "CELERY_BROKER_URL": system.redis_server.url_of("default"),
        "CHATS": str(chats),
        "NIGHTLY_EVERY_S": "1",
    }
    command = [sys.executable, "-m", "celery", "-A", "nightly.app", *options]
    with Process(
        "nightly", command, example_environment(settings), EXAMPLES / "beat", tmp_path / "nightly.log"
    ) as process:
        process.wait_for_line(" ready.", PATIENCE_S)
        yield process


def test_a_night_marks_every_dialog_of_inactive_users_as_delivered(
    system: System, nightly: Process, chats: Path
) -> None:
    dialogs = [system.dialog(number) for number in range(10, 14)]
    with closing(sqlite3.connect(chats)) as database, database:
        long_ago_s = time.time() - 40 * 24 * 3600
        database.executemany("insert into users values (?, ?)", [(ANN, long_ago_s), (BOB, time.time())])
        rows = [(user, dialog, messages[-1], "") for dialog, messages in dialogs for user in (ANN, BOB)]
        database.executemany("insert into memberships values (?, ?, ?, ?)", rows)
    for dialog, _ in dialogs:
        wait_for(system, dialog, delivered="1")
    nightly.wait_for_line("4 dialogs recorded as delivered", PATIENCE_S)
    nightly.wait_for_line("'0 dialogs recorded as delivered'", PATIENCE_S)
    assert [len(sent(system, dialog)) for dialog, _ in dialogs] == [1] * 4
    assert [sent(system, dialog, BOB) for dialog, _ in dialogs] == [[]] * 4


# While Redis is down -------------------------------------------------------------------------------------------------


def test_what_becomes_of_receipts_while_redis_is_down(
    system: System,
    django: App,
    django_settings: dict[str, str],
    flask: App,
    fastapi: App,
    webhook: App,
) -> None:
    dialogs = [system.dialog(number)[0] for number in range(20, 23)]
    system.redis_server.kill()
    # Kept in memory, and recorded when Redis is back.
    assert django.post("/read/", json={"dialogs": {OTHER: NEWEST}}).status_code == 204
    assert fastapi.post(f"/dialogs/{dialogs[0]}/read", json={}).status_code == 202

    # Asked for once more.
    def ask_flask() -> httpx.Response:
        return flask.post(f"/dialogs/{dialogs[1]}/read", json={})

    def ask_webhook() -> httpx.Response:
        return tell(webhook, dialog_id=dialogs[2], message_id=MESSAGE)

    for answer in (ask_flask(), ask_webhook()):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
    command = run("django", "manage.py", "mark_all_read", "ann", **django_settings)
    assert command.returncode == 1
    assert "2 of 2 dialogs are not recorded, try again" in command.stderr

    system.redis_server.restart()
    until(lambda: ask_flask().status_code == 202, "Flask's receipt recorded")
    until(lambda: ask_webhook().status_code == 202, "the event recorded")
    for dialog in (OTHER, *dialogs):
        wait_for(system, dialog, read="1")
