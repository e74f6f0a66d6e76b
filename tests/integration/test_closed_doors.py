"""What must not come in by any door: code, another endpoint, a secret in the open."""

from __future__ import annotations

import json
import pickle
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from receipt_sync import InvalidReceipt
from receipt_sync.calls import DELIVERED, EDIT, READ, receipt_from_call
from settings import Application, Settings, load
from settings.variable import variables
from tests.integration.raw_messages import envelope
from tests.running import System, until
from worker.chat_api import ChatApi, Endpoint
from worker.plan import Put

DIALOG, MESSAGE = "53a99a7be4b094c7c6d31b41", "53a99a7be4b094c7c6d31b43"


class Bomb:
    """Unpickled it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._path,)


@pytest.mark.parametrize("content_type", ["application/x-python-serialize", "application/x-yaml"])
def test_a_pickle_is_not_opened_and_the_worker_lives(system: System, tmp_path: Path, content_type: str) -> None:
    went_off = tmp_path / "went off"
    worker = system.start_worker()
    message = envelope(content_type=content_type) | {"body": b64encode(pickle.dumps(Bomb(went_off))).decode()}
    message["content-encoding"] = "binary"
    system.redis.lpush("receipts", json.dumps(message))
    system.receipts.mark_dialog_read(DIALOG, user_id=123)
    until(lambda: system.redis.llen("receipts") == 0 and system.redis.hlen("unacked") == 0, "the message gone")
    assert worker.alive
    assert not went_off.exists()


def test_nothing_but_json_is_accepted_or_sent() -> None:
    from worker.app import app  # noqa: PLC0415 - it reads the environment when it is imported

    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.result_backend is None


@pytest.mark.parametrize("name", [READ, DELIVERED, EDIT])
@pytest.mark.parametrize("argument", ["endpoint", "url", "base_url", "api_key", "host", "path", "headers"])
def test_no_call_names_an_endpoint(name: str, argument: str) -> None:
    ids = {"dialog_id": DIALOG, "user_id": 123} | ({"message_id": MESSAGE, "text": "x"} if name == EDIT else {})
    with pytest.raises(InvalidReceipt):
        receipt_from_call(name, (), {**ids, argument: "https://evil.example"}, 100)


@pytest.mark.parametrize(
    "id_", ["../session", "a/b", "%2e%2e", "53a99a7be4b094c7c6d31b4", DIALOG.upper(), f"{DIALOG}\n"]
)
@pytest.mark.parametrize("argument", ["dialog_id", "message_id"])
def test_no_id_that_could_change_a_path_is_recorded(argument: str, id_: str) -> None:
    ids = {"dialog_id": DIALOG, "message_id": MESSAGE, argument: id_}
    with pytest.raises(InvalidReceipt):
        receipt_from_call(EDIT, (), {**ids, "text": "x", "user_id": 1}, 100)


def test_every_secret_can_come_from_a_file(tmp_path: Path) -> None:
    """And then the environment, which child processes and crash reports show, holds none."""
    secret = [v for model in (Settings, Application) for _, v in variables(model) if v.secrecy != "open"]
    assert {"REDIS_URL", "CELERY_BROKER_URL", "RECEIPTS_TOKEN_KEYS", "SENTRY_DSN", "QUICKBLOX_API_KEY"} <= {
        variable.name for variable in secret
    }
    assert all(variable.from_file for variable in secret)
    (tmp_path / "key").write_text("from-a-file\n")
    key = load({"QUICKBLOX_API_KEY_FILE": str(tmp_path / "key")}).application("default").api_key
    assert key is not None
    assert key.get_secret_value() == "from-a-file"


def test_views_of_what_is_sent_show_neither_key_nor_token() -> None:
    endpoint = Endpoint("https://h", "an-api-key", 1.0, 1.0)
    put = Put(DIALOG, (), "r", "s123", "a-private-token")
    assert "an-api-key" not in repr(endpoint) + repr(ChatApi(endpoint).__dict__)
    assert "a-private-token" not in repr(put)
