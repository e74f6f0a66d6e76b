"""Hostile messages in RabbitMQ's queues, against a real worker: it lives on, and what lies behind them is recorded.

The items are those of tests/integration/raw_messages.py. There they are bytes in a list of Redis; RabbitMQ keeps body,
headers and properties apart, so an envelope is taken apart where AMQP can say it, and is the body where it cannot.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import amqp

from receipt_sync import keys
from stack.rabbitmq import RabbitMQ
from tests.integration.raw_messages import JUNK, ODD_DOORBELLS, PRIVATE, READ, WRONG
from tests.integration.test_hostile_messages import HARM
from tests.running import System, until

QUEUES = ("receipts", "receipts.sync")
DIALOG = "c0ffee" * 4
WORKERS_MOST = 3
JSON = {"content_type": "application/json", "content_encoding": "utf-8"}
# What only AMQP can say.
AMQPS_OWN: dict[str, amqp.Message] = {
    "no headers at all": amqp.Message(b"[]"),
    "nothing": amqp.Message(b""),
    "a header of every kind": amqp.Message(
        b"[[], {}, {}]", application_headers={"task": READ, "id": True, "lang": {"a": [1, {"b": None}]}}, **JSON
    ),
    "another charset": amqp.Message(
        b"\xff\xfe", application_headers={"task": READ, "id": "1"}, content_encoding="utf-16"
    ),
    "yaml": amqp.Message(b"!!python/object/apply:os.abort []", content_type="application/x-yaml"),
    "pickle": amqp.Message(
        b"cos\nabort\n(tR.", application_headers={"task": READ}, content_type="application/x-python-serialize"
    ),
    "compressed": amqp.Message(b"x\x9c", application_headers={"task": READ, "compression": "zlib"}, **JSON),
    "names its reply": amqp.Message(
        b"[[], {}, {}]", application_headers={"task": READ, "id": "2"}, reply_to="receipts", correlation_id="2", **JSON
    ),
    "numbers for names": amqp.Message(
        b"[[], {}, {}]", application_headers={"task": 5, "id": 5, "retries": "x"}, **JSON
    ),
}  # fmt: skip


def as_amqp(item: bytes) -> amqp.Message:
    """What a client of RabbitMQ would have to publish to say the same."""
    try:
        envelope = json.loads(item)
        headers, properties = envelope["headers"], envelope["properties"]
        body = base64.b64decode(envelope["body"]) if properties.get("body_encoding") else envelope["body"].encode()
        said = {"content_type": envelope["content-type"], "content_encoding": envelope["content-encoding"]}
        message = amqp.Message(body, application_headers=headers, **{k: v for k, v in said.items() if v is not None})
        message._serialize_properties()
    except Exception:  # noqa: BLE001 - AMQP cannot say it: the bytes are the message
        return amqp.Message(item, **JSON)
    return message


def good(user: int) -> amqp.Message:
    body = json.dumps([[], {"dialog_id": DIALOG, "user_id": user}, {}]).encode()
    return amqp.Message(body, application_headers={"task": READ, "id": f"good-{user}"}, **JSON)


class Publisher:
    """A connection of its own, which waits for each confirm."""

    def __init__(self, rabbitmq: RabbitMQ) -> None:
        self._connection = amqp.Connection(f"127.0.0.1:{rabbitmq.port}", "guest", "guest", confirm_publish=True)
        self._connection.connect()
        self._channel: Any = self._connection.channel()

    def push(self, queue: str, message: amqp.Message) -> None:
        self._channel.basic_publish(message, routing_key=queue)

    def waiting(self, queue: str) -> int:
        """Messages that no consumer has; those delivered and not settled come back when the worker has ended."""
        return int(self._channel.queue_declare(queue, passive=True).message_count)

    def close(self) -> None:
        self._connection.close()


def test_messages_that_are_no_call_stop_nobody(system: System, rabbitmq: RabbitMQ) -> None:
    items = [as_amqp(item) for of in (JUNK, WRONG, ODD_DOORBELLS) for item in of.values()] + list(AMQPS_OWN.values())
    worker = system.start_worker(CELERY_BROKER_URL=rabbitmq.url, RECEIPTS_SYNC_TIME_S="1")
    children = set(worker.children())
    publisher = Publisher(rabbitmq)
    for queue in QUEUES:
        for message in items:
            publisher.push(queue, message)
        publisher.push("receipts", good(len(queue)))
    slots = [f"{keys.prefix('default')}:m:{DIALOG}:u{len(queue)}" for queue in QUEUES]
    until(lambda: all(system.redis.exists(slot) for slot in slots), "the good calls recorded", timeout_s=60)
    until(lambda: not any(publisher.waiting(queue) for queue in QUEUES), "all taken", timeout_s=60)
    assert worker.alive
    assert set(worker.children()) == children
    worker.stop()
    # What it had been given and had not looked at when it was stopped comes back, once; what was refused never does.
    for _ in range(WORKERS_MOST):
        if not any(publisher.waiting(queue) for queue in QUEUES):
            break
        worker = system.start_worker(CELERY_BROKER_URL=rabbitmq.url, RECEIPTS_SYNC_TIME_S="1")
        until(lambda: not any(publisher.waiting(queue) for queue in QUEUES), "all taken again", timeout_s=60)
        worker.stop()
    assert [publisher.waiting(queue) for queue in QUEUES] == [0, 0]
    publisher.close()
    said = "".join(each.log.text() for each in system.workers)
    assert not [word for word in HARM if word in said], said[-3000:]
    assert PRIVATE not in said
    for letter in system.dead_letters():
        assert sum(len(str(value)) for value in letter.values()) < 100_000
