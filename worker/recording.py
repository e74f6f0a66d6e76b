"""Recording what came through the broker: checked like everything else, and never a crash loop.

A wrong call, or one whose slot is damaged, ends as a failed task and a dead letter. A ledger that is out of reach or
refuses (full, read-only) sends the task back to the broker, which would hand it out again at once: the Redis client's
backoff paces the first, a pause the second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import redis
from celery.exceptions import Reject

from receipt_sync import InvalidReceipt, Receipt
from receipt_sync.calls import PARAMETERS, POSITIONAL, receipt_from_call
from receipt_sync.errors import shown
from settings.application import DEFAULT_NAME
from worker.lifecycle import pause
from worker.runtime import Runtime

_SHOWN_BYTES = 65_536
_DAMAGED = "LEDGER"  # how record.lua's own error begins
_PAUSE_S = 1.0
_APPLICATION, _SECRET = "application", "token"


class DamagedSlot(Exception):  # noqa: N818 - beside InvalidReceipt, in the same list of failed tasks
    """A slot's key in Redis holds something else; the words name the key."""


def record_call(held: Runtime, name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
    """Records what a task was called with.

    Raises:
        InvalidReceipt: an argument is wrong; a dead letter with the arguments has been stored.
        DamagedSlot: the slot is damaged; a dead letter with the arguments has been stored.
        Reject: the ledger was not reached, or refuses; the message goes back to the broker.
    """
    try:
        _record(held, name, args, kwargs)
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise Reject(type(error).__name__, requeue=True) from error
    except redis.ResponseError as error:
        if str(error).startswith(_DAMAGED):
            _bury(held, name, args, kwargs, str(error))
            raise DamagedSlot(str(error)) from error
        pause(_PAUSE_S)
        raise Reject(type(error).__name__, requeue=True) from error


def _record(held: Runtime, name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
    rest = dict(kwargs)
    application = rest.pop(_APPLICATION, DEFAULT_NAME)
    try:
        application = _known(held, application)
        receipt: Receipt = receipt_from_call(name, args, rest, held.settings.max_text_bytes)
    except InvalidReceipt as error:
        _bury(held, name, args, kwargs, f"invalid: {error}")
        raise
    held.queue(application).record_many([receipt])


def _known(held: Runtime, application: object) -> str:
    if not isinstance(application, str) or application not in held.ways:
        raise InvalidReceipt(_APPLICATION, shown(application), f"one of {', '.join(held.ways)}")
    return application


def _bury(held: Runtime, name: str, args: Sequence[object], kwargs: Mapping[str, object], reason: str) -> None:
    application = kwargs.get(_APPLICATION)
    way = held.ways.get(application if isinstance(application, str) else "") or next(iter(held.ways.values()))
    arguments = json.dumps(_without_secrets(name, args, kwargs), default=repr)[:_SHOWN_BYTES]
    way.ledger.bury_invalid(name, arguments, reason)


def _without_secrets(name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> dict[str, object]:
    # An argument that is not ours may be a misspelt token, one without a name a misplaced one.
    known = {*PARAMETERS[name], _APPLICATION} - {_SECRET}
    most = POSITIONAL[name]
    return {
        "args": [*args[:most], *["(secret)"] * len(args[most:])],
        "kwargs": {key: value if key in known else "(secret)" for key, value in kwargs.items()},
    }
