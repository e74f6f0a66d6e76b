"""What is recorded, without Redis."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from receipt_sync import MarkDelivered, MarkRead
from receipt_sync.testing import FakeReceiptQueue

from . import create_app

DIALOG, MESSAGE = "53a99a7be4b094c7c6d31b41", "53aabe15e4b077ddd43e7fd3"


@pytest.fixture
def app(receipt_queue: FakeReceiptQueue, tmp_path: Path) -> Flask:
    config = {"SECRET_KEY": "a test's", "PEOPLE": tmp_path / "people.sqlite3", "TESTING": True}
    return create_app(config, receipt_queue)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who has logged in."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["quickblox_id"] = 123
    return client


def test_what_the_user_has_read_and_received_is_recorded(client: FlaskClient, receipt_queue: FakeReceiptQueue) -> None:
    assert client.post(f"/dialogs/{DIALOG}/read", json={"up_to": MESSAGE}).status_code == 202
    assert client.post(f"/dialogs/{DIALOG}/delivered", json={"message_ids": [MESSAGE]}).status_code == 202
    assert receipt_queue.recorded == [
        MarkRead(dialog_id=DIALOG, user_id=123, up_to=MESSAGE),
        MarkDelivered(dialog_id=DIALOG, user_id=123, message_ids=[MESSAGE]),
    ]


def test_wrong_arguments_are_the_clients_error(client: FlaskClient, receipt_queue: FakeReceiptQueue) -> None:
    for path, asked in (
        ("abc/read", {}),
        (f"{DIALOG}/read", {"up_to": 7}),
        (f"{DIALOG}/delivered", {"message_ids": []}),
    ):
        answer = client.post(f"/dialogs/{path}", json=asked)
        assert answer.status_code == 400
        assert "expected" in answer.get_json()["error"]
    assert client.post(f"/dialogs/{DIALOG}/read", data="{", content_type="application/json").status_code == 400
    assert client.post(f"/dialogs/{DIALOG}/read", json=[]).get_json() == {"error": "expected a JSON object"}
    assert receipt_queue.recorded == []


def test_while_redis_is_down_the_client_is_told_to_try_again(
    client: FlaskClient, receipt_queue: FakeReceiptQueue
) -> None:
    receipt_queue.error = redis.ConnectionError()
    answer = client.post(f"/dialogs/{DIALOG}/read", json={})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


def test_nobody_in_particular_reads_nothing(app: Flask, receipt_queue: FakeReceiptQueue) -> None:
    assert app.test_client().post(f"/dialogs/{DIALOG}/read", json={}).status_code == 401
    assert receipt_queue.recorded == []


def test_who_has_been_added_can_log_in(app: Flask, receipt_queue: FakeReceiptQueue) -> None:
    added = app.test_cli_runner().invoke(args=["add-person", "ann", "123", "--password", "a secret"])
    assert added.exit_code == 0, added.output
    client = app.test_client()
    for name, password, status in (("ann", "a guess", 401), ("bob", "a secret", 401), ("ann", "a secret", 204)):
        assert client.post("/login", json={"name": name, "password": password}).status_code == status
    assert client.post(f"/dialogs/{DIALOG}/read", json={}).status_code == 202
    assert receipt_queue.recorded == [MarkRead(dialog_id=DIALOG, user_id=123)]


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "")
    with pytest.raises(ValueError, match=r"^REDIS_URL: "):
        create_app({"SECRET_KEY": "a test's"})
    monkeypatch.delenv("FLASK_SECRET_KEY", raising=False)
    with pytest.raises(ValueError, match=r"^FLASK_SECRET_KEY: "):
        create_app()
