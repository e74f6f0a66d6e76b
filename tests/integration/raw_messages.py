"""Raw items of kombu's Redis queues, good and bad, as anybody with access to that Redis can push them."""

from __future__ import annotations

import base64
import json
from itertools import count
from typing import Any

READ, DELIVERED, SYNC = "receipts.mark_dialog_read", "receipts.mark_dialog_delivered", "receipts.sync"
PRIVATE = "a-private-text"
POISON_DIALOG = "deadbeef" * 3  # see poison.py
_DEEP = "[" * 200_000 + "]" * 200_000
_numbers = count(1)


def envelope(queue: str = "receipts", body: object = None, **changes: Any) -> dict[str, Any]:
    """An envelope as kombu makes it, around a call of `receipts.mark_dialog_read`; `changes` replace its parts.

    `headers__x`, `properties__x` and `info__x` replace one header, property or part of the delivery info; what is
    replaced by `...` is left out.
    """
    number = str(next(_numbers))
    info = {"exchange": queue, "routing_key": queue}
    parts: dict[str, dict[str, Any]] = {
        "headers": {"lang": "py", "task": READ, "id": f"task-{number}", "eta": None, "retries": 0},
        "properties": {"delivery_tag": f"tag-{number}", "body_encoding": "base64", "priority": 0},
        "info": info,
    }
    made: dict[str, Any] = {"content-type": "application/json", "content-encoding": "utf-8"}
    made["body"] = encoded([[], {"text": PRIVATE}, {}] if body is None else body)
    for name, value in changes.items():
        part, _, key = name.partition("__")
        _put(parts[part] if key else made, key or name.replace("_", "-"), value)
    parts["properties"].setdefault("delivery_info", info)
    whole = {"headers": parts["headers"], "properties": parts["properties"]} | made
    return {key: value for key, value in whole.items() if value is not ...}


def _put(into: dict[str, Any], key: str, value: object) -> None:
    if value is ...:
        into.pop(key, None)
    if value is not ... or key in {"headers", "properties"}:
        into[key] = value


def encoded(body: object) -> str:
    """A body as kombu carries it."""
    return base64.b64encode(json.dumps(body).encode()).decode()


def call(queue: str = "receipts", **kwargs: object) -> bytes:
    """A good call."""
    return json.dumps(envelope(queue, [[], kwargs, {"callbacks": None, "chord": None}])).encode()


def _bad(**changes: Any) -> bytes:
    return json.dumps(envelope(**changes)).encode()


# What is no message at all.
JUNK: dict[str, bytes] = {
    "no UTF-8": b"\xff\xfe\x00a-private-text",
    "nothing": b"",
    "no JSON": b"a-private-text",
    "half a JSON": b'{"body": "a-private-text"',
    "a number": b"1e999",
    "NaN": b"NaN",
    "null": b"null",
    "a list": b'["a-private-text"]',
    "deep": _DEEP.encode(),
    "kombu's own type, broken": b'{"__type__": "datetime", "__value__": "a-private-text"}',
    "no envelope": b'{"text": "a-private-text"}',
    "properties: missing": _bad(properties=...),
    "properties: a list": _bad(properties=[]),
    "headers: missing": _bad(headers=...),
    "headers: a list": _bad(headers=["task"]),
    "headers: null": _bad(headers=None),
    "no body": json.dumps(envelope() | {"body": None}).encode(),
    "body: a mapping": json.dumps(envelope() | {"body": {"a": 1}}).encode(),
    "body: base64 garbage": json.dumps(envelope() | {"body": "%%%a"}).encode(),
    "body: half a character": json.dumps(envelope(properties__body_encoding=...) | {"body": "\ud800"}).encode(),
    "body encoding: unknown": _bad(properties__body_encoding="rot13"),
    "body encoding: a list": _bad(properties__body_encoding=[1]),
    "delivery info: missing": _bad(properties__delivery_info=None),
    "delivery info: a list": _bad(properties__delivery_info=[]),
    "exchange: missing": _bad(info__exchange=...),
    "routing key: a list": _bad(info__routing_key=["receipts"]),
    "tag: missing": _bad(properties__delivery_tag=...),
    "tag: a list": _bad(properties__delivery_tag=["x"]),
    "tag: null": _bad(properties__delivery_tag=None),
    "tag: a number": _bad(properties__delivery_tag=1),
    "content type: a list": _bad(content_type=["application/json"]),
    "content encoding: a number": _bad(content_encoding=8),
    "compressed": _bad(headers__compression="zlib"),
    "ten megabytes": _bad(body=[[], {"text": "x" * 10_000_000}, {}]),
}  # fmt: skip

# What is a message, and no call of ours.
WRONG: dict[str, bytes] = {
    "pickle": _bad(content_type="application/x-python-serialize", content_encoding="binary"),
    "no content type": _bad(content_type=None),
    "unknown charset": _bad(content_encoding="klingon"),
    "unknown task": _bad(headers__task="receipts.mark_dialog_seen"),
    "celery's own task": _bad(headers__task="celery.map"),
    "task: a list": _bad(headers__task=["receipts.sync"]),
    "task: a mapping": _bad(headers__task={"a": 1}),
    "task: null": _bad(headers__task=None),
    "id: missing": _bad(headers__id=...),
    "id: a list": _bad(headers__id=[1]),
    "no task at all": _bad(headers={}),
    "eta: garbage": _bad(headers__eta="tomorrow"),
    "eta: in a thousand years": _bad(headers__eta="2999-01-01T00:00:00+00:00"),
    "eta: a list": _bad(headers__eta=[1]),
    "expires: garbage": _bad(headers__expires="a-private-text"),
    "expires: a number": _bad(headers__expires=5),
    "expires: the year 1": _bad(headers__expires="0001-01-01T00:00:00+14:00"),
    "time limit: a number": _bad(headers__timelimit=5),
    "time limit: a millisecond": _bad(headers__timelimit=[0.001, 0.001]),
    "shadow: a list": _bad(headers__shadow=[1]),
    "a header named like a method": _bad(headers__update=1),
    "chord in the headers": _bad(headers__chord=5),
    "body: a mapping of protocol 2": _bad(body={"args": [], "kwargs": {}}),
    "body: two parts": _bad(body=[[], {}]),
    "body: null": _bad(body=[None, None, None]),
    "args: a text": _bad(body=["a-private-text", {}, {}]),
    "kwargs: a list": _bad(body=[[], ["a-private-text"], {}]),
    "embed: a list": _bad(body=[[], {}, [1]]),
    "embed: a text": _bad(body=[[], {}, "a-private-text"]),
    "embed: unknown": _bad(body=[[], {}, {"args": 1}]),
    "embed: callbacks": _bad(body=[[], {}, {"callbacks": 5}]),
    "embed: chain": _bad(body=[[], {}, {"chain": [{"task": "receipts.sync"}]}]),
    "body: deep": json.dumps(envelope(properties__body_encoding=...) | {"body": _DEEP}).encode(),
    "protocol 1: id missing": _bad(headers={}, body={"task": READ, "args": [], "kwargs": {}}),
    "protocol 1: task a list": _bad(headers={}, body={"task": [READ], "id": "1", "args": [], "kwargs": {}}),
    "protocol 1: kwargs a list": _bad(headers={}, body={"task": READ, "id": "1", "args": [], "kwargs": []}),
    "doorbell with an eta": _bad(queue="receipts.sync", headers__task=SYNC, headers__eta="x"),
    "doorbell without kwargs": _bad(queue="receipts.sync", headers__task=SYNC, body=[[], None, None]),
}  # fmt: skip

# What is a call of ours, and says something else than today's workers understand.
ODD_DOORBELLS: dict[str, bytes] = {
    name: json.dumps(envelope("receipts.sync", body, headers__task=SYNC)).encode()
    for name, body in {
        "more arguments": [[], {"application": "default", "permit": "p", "since": 1, "version": 9}, {}],
        "by place": [["default", "p", "x", "y"], {}, {}],
        "nothing": [[], {}, {}],
        "unknown application": [[], {"application": "another", "permit": "p"}, {}],
        "application: a list": [[], {"application": ["default"], "permit": "p"}, {}],
        "permit: a mapping": [[], {"application": "default", "permit": {"a": 1}}, {}],
    }.items()
}
