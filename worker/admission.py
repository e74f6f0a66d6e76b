"""Admission: which of the broker's messages Celery may see. Pure.

Whoever reaches the broker can put anything into its queues. Much of it makes kombu or Celery raise where nobody
catches: in the event loop, which ends the worker, or in a callback, which leaves the message to come back for ever
(docs/decisions/0011 lists what was seen). So a message is looked at as a whole before they get it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from celery.app.task import Context
from kombu.utils.json import loads

from worker.contract import RECORDING, SYNC

KNOWN = frozenset({SYNC, *RECORDING})
_NAME_MAX = 255
# What of an envelope is not a text: JSON's escapes make four bytes of UTF-8 into twelve, base64 adds a third.
_TEXT_GROWS = 8
_REST_BYTES = 1_048_576
_CONTENT = ("content-type", "content-encoding")
_LINKS = ("callbacks", "errbacks", "chain", "chord")
_METHODS = frozenset(name for name in dir(Context) if callable(getattr(Context, name)))


def most_bytes(max_text_bytes: int) -> int:
    """Most bytes of a message that can be a receipt."""
    return _REST_BYTES + _TEXT_GROWS * max_text_bytes


def item_fault(item: bytes, most: int) -> str | None:
    """Why an item of a queue cannot become a message; None where it can."""
    if len(item) > most:
        return f"{len(item)} bytes, at most {most} are taken"
    try:
        envelope = loads(item.decode())  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, AttributeError) as error:
        return f"no JSON: {type(error).__name__}"
    return envelope_fault(envelope)


def envelope_fault(envelope: object) -> str | None:
    """Why kombu cannot make a message of this envelope; None where it can."""
    if not isinstance(envelope, dict):
        return "the envelope is no mapping"
    properties, headers = envelope.get("properties"), envelope.get("headers")
    if not isinstance(properties, dict) or not isinstance(headers, dict):
        return "no properties or no headers"
    if headers.get("compression"):
        return "compressed"  # a few bytes can grow to gigabytes
    if any(envelope.get(name) is not None and not _is_text(envelope[name]) for name in _CONTENT):
        return "no content type or no content encoding"
    return _delivery_fault(properties) or _body_fault(envelope.get("body"), properties.get("body_encoding"))


def _delivery_fault(properties: Mapping[str, Any]) -> str | None:
    info = properties.get("delivery_info")
    if not _is_name(properties.get("delivery_tag")) or not isinstance(info, dict):
        return "no delivery tag or no delivery info"
    if not all(_is_text(info.get(name)) for name in ("exchange", "routing_key")):
        return "no exchange or no routing key"
    return None


def _body_fault(body: object, encoding: object) -> str | None:
    if not isinstance(body, str) or encoding not in (None, "utf-8", "base64"):
        return "no body, or one of an unknown encoding"
    try:
        raw = body.encode()
        if encoding == "base64":
            base64.b64decode(raw)
    except (UnicodeEncodeError, binascii.Error) as error:
        return f"the body cannot be decoded: {type(error).__name__}"
    return None


def task_fault(headers: Mapping[str, Any], payload: object) -> str | None:
    """Why a message is no call of one of our tasks; None where Celery may have it.

    Args:
        headers: the message's.
        payload: its body, decoded.
    """
    if "task" in headers:
        return _call_fault(headers) or _body_shape_fault(payload)
    if not isinstance(payload, dict) or "task" not in payload:
        return "it names no task"
    return _call_fault(payload) or _arguments_fault(payload.get("args", ()), payload.get("kwargs", {}))


def _call_fault(fields: Mapping[str, Any]) -> str | None:
    name = fields.get("task")
    if not isinstance(name, str) or name not in KNOWN:
        return "unknown task"
    if not _is_name(fields.get("id")):
        return "no task id"
    limits = fields.get("timelimit")
    if fields.get("eta") is not None or (limits and limits != [None, None]) or not _are_quiet(fields):
        return "an eta, a time limit, a link or a chord, which receipts do not take"
    if not all(isinstance(fields.get(name), (str, type(None))) for name in ("shadow", "expires", "lang")):
        return "a header of another type"
    if any(name in _METHODS for name in fields):
        return "a header with the name of a method"
    return _expires_fault(fields.get("expires"))


def _expires_fault(expires: str | None) -> str | None:
    try:
        at = datetime.fromisoformat(expires) if expires is not None else None
    except ValueError:
        return "it expires at no time"
    # The first and last years overflow when they are moved to another zone.
    return None if at is None or 1970 <= at.year < 9999 else "it expires at no time"  # noqa: PLR2004


def _body_shape_fault(payload: object) -> str | None:
    if not isinstance(payload, (list, tuple)) or len(payload) != 3:  # noqa: PLR2004 - args, kwargs, embed
        return "the body is not [args, kwargs, embed]"
    args, kwargs, embed = payload
    if embed is not None and not (isinstance(embed, dict) and set(embed) <= set(_LINKS)):
        return "the body's third part is not Celery's"
    if embed and not all(map(_is_quiet, embed.values())):
        return "an eta, a time limit, a link or a chord, which receipts do not take"
    return _arguments_fault(args, kwargs)


def _arguments_fault(args: object, kwargs: object) -> str | None:
    if not isinstance(args, (list, tuple)) or not isinstance(kwargs, dict):
        return "args or kwargs of another type"
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_name(value: object) -> bool:
    return _is_text(value) and 0 < len(str(value)) <= _NAME_MAX


def _are_quiet(fields: Mapping[str, Any]) -> bool:
    return all(_is_quiet(fields.get(name)) for name in _LINKS)


def _is_quiet(value: object) -> bool:
    return not value or (isinstance(value, (list, tuple)) and not any(value))
