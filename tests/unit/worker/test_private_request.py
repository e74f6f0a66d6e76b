import json
from typing import Any
from unittest.mock import Mock

import pytest
from celery import Celery

from worker.private_request import HIDDEN, PrivateRequest

PRIVATE = "a private text"
ARGUMENTS = ["53a99a7be4b094c7c6d31b41", "53aabe15e4b077ddd43e7fd3", PRIVATE]


def edit_message(*args: object, **kwargs: object) -> None: ...


def request_for(headers: dict[str, Any]) -> PrivateRequest:
    """What a worker makes of a message that a foreign Celery client has sent."""
    app = Celery("worker", broker="memory://", set_as_current=False)
    task = app.task(name="receipts.edit_message", shared=False)(edit_message)
    payload = {
        "body": json.dumps([ARGUMENTS, {"token": PRIVATE}, {}]),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"id": "id-1", "task": "receipts.edit_message", "lang": "py"} | headers,
        "properties": {"delivery_info": {}, "delivery_tag": "1", "body_encoding": None},
    }
    with app.connection_for_read() as connection:
        channel = connection.channel()
        message = channel.Message(payload, channel=channel, accept=["application/json"])
        return PrivateRequest(message, app=app, hostname="worker@here", eventer=Mock(), task=task)


@pytest.fixture
def request_() -> PrivateRequest:
    return request_for({"argsrepr": repr(ARGUMENTS), "kwargsrepr": repr({"token": PRIVATE})})


def test_the_task_gets_its_arguments(request_: PrivateRequest) -> None:
    assert (request_.args, request_.kwargs) == (ARGUMENTS, {"token": PRIVATE})


def test_what_events_and_log_lines_are_made_of_is_hidden(request_: PrivateRequest) -> None:
    assert (request_.argsrepr, request_.kwargsrepr) == (HIDDEN, HIDDEN)
    assert PRIVATE not in repr(request_) + str(request_) + request_.humaninfo()


def test_what_the_pools_process_logs_from_is_hidden(request_: PrivateRequest) -> None:
    copy = request_.request_dict
    assert (copy["argsrepr"], copy["kwargsrepr"]) == (HIDDEN, HIDDEN)


@pytest.mark.parametrize("safe", [True, False])
def test_inspection_shows_nothing(request_: PrivateRequest, *, safe: bool) -> None:
    shown = request_.info(safe=safe)
    assert PRIVATE not in repr(shown)
    assert shown["name"] == "receipts.edit_message"


def test_a_client_that_describes_no_arguments_changes_nothing() -> None:
    request = request_for({})
    assert (request.argsrepr, request.kwargsrepr) == (HIDDEN, HIDDEN)
