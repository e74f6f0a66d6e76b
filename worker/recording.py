"""Recording what came through the broker: checked like everything else, and never a crash loop.

A wrong call, one whose slot is damaged, or one that meets a bug of ours ends as a failed task and a dead letter: Celery
acknowledges the message of a task that has failed, so what has no letter would be gone. A ledger that is out of reach
or refuses (full, read-only, a key of its own broken) sends the task back to the broker, which would hand it out again
at once: the Redis client's backoff paces the first, a pause the second.

A message that comes back may have killed the process that recorded it. So its recording is counted as begun before it
starts and struck off when it ends, however it ends; one that was begun too often is a dead letter. The price, two
commands, is paid only for messages that the broker hands out again.

The revision of an edit that names none is the time at which its message was first taken. It is kept, by the message's
id, before the edit is recorded: one whose worker died before it could acknowledge it comes back when newer ones have
been sent, and must not go over them. The price, one round trip, is paid only by edits that name no revision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import redis
from celery.exceptions import Reject

from receipt_sync import InvalidReceipt, Receipt
from receipt_sync.calls import EDIT, receipt_from_call
from receipt_sync.errors import shown
from settings.application import DEFAULT_NAME
from worker.deaths import Death, kind_of, report_death
from worker.lifecycle import pause
from worker.quarantine import shown_arguments
from worker.runtime import Runtime
from worker.sending import Way
from worker.sentry import tag_errors

_DAMAGED = "LEDGER"  # how record.lua's own error begins
_PAUSE_S = 1.0
_APPLICATION = "application"
_REVISION = "revision"


class DamagedSlot(Exception):  # noqa: N818 - beside InvalidReceipt, in the same list of failed tasks
    """A slot's key in Redis holds something else; the words name the key."""


class PoisonReceipt(Exception):  # noqa: N818 - beside InvalidReceipt
    """The process that recorded it died, again and again."""


def record_call(
    held: Runtime,
    name: str,
    args: Sequence[object],
    kwargs: Mapping[str, object],
    came_back: str | None = None,
    trace: str | None = None,
    message_id: str | None = None,
) -> None:
    """Records what a task was called with.

    Args:
        held: the ledgers.
        name: the task's.
        args: positional arguments.
        kwargs: arguments by name.
        came_back: the message's id where the broker hands it out again; None where it is new.
        trace: the message's `traceparent`; None for that of the span that runs (receipt_sync/tracing.py).
        message_id: the message's id, by which an edit without a revision keeps its place; None: as `came_back`.

    Raises:
        InvalidReceipt: an argument is wrong; a dead letter with the arguments has been stored.
        DamagedSlot: the slot is damaged; a dead letter with the arguments has been stored.
        PoisonReceipt: it has killed its process too often; a dead letter with the arguments has been stored.
        Reject: the ledger was not reached, or refuses; the message goes back to the broker.
        Exception: a bug; a dead letter with the arguments has been stored.
    """
    try:
        try:
            # First of all: so its dead letter, if it becomes one, says it too.
            kwargs = _dated(held, name, kwargs, message_id or came_back)
            if came_back is None:
                _record(held, name, args, kwargs, trace)
            else:
                _record_again(held, name, args, kwargs, came_back, trace)
        except (redis.RedisError, InvalidReceipt, DamagedSlot, PoisonReceipt):
            raise
        except Exception as error:
            _bury(held, name, args, kwargs, f"refused: a bug of the worker, {type(error).__name__}")
            raise
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise Reject(type(error).__name__, requeue=True) from error
    except redis.RedisError as error:
        pause(_PAUSE_S)
        raise Reject(type(error).__name__, requeue=True) from error


def _dated(held: Runtime, name: str, kwargs: Mapping[str, object], message_id: str | None) -> Mapping[str, object]:
    if name != EDIT or message_id is None or kwargs.get(_REVISION) is not None:
        return kwargs
    return {**kwargs, _REVISION: _way(held, kwargs).ledger.first_taken_ms(message_id)}


def _record_again(
    held: Runtime,
    name: str,
    args: Sequence[object],
    kwargs: Mapping[str, object],
    message_id: str,
    trace: str | None,
) -> None:
    ledger = _way(held, kwargs).ledger
    # The first time it came nobody counted.
    crashes = ledger.start(message_id)
    if crashes >= held.settings.crashes_max:
        # Struck off only when its letter is stored: else it would be tried again.
        _bury(held, name, args, kwargs, f"poison: its worker died {crashes} times")
        ledger.end(message_id)
        raise PoisonReceipt(f"its worker died {crashes} times")
    try:
        _record(held, name, args, kwargs, trace)
    finally:
        ledger.end(message_id)


def _record(held: Runtime, name: str, args: Sequence[object], kwargs: Mapping[str, object], trace: str | None) -> None:
    rest = dict(kwargs)
    application = rest.pop(_APPLICATION, DEFAULT_NAME)
    try:
        application = _known(held, application)
        receipt: Receipt = receipt_from_call(name, args, rest, held.settings.max_text_bytes)
    except InvalidReceipt as error:
        _bury(held, name, args, kwargs, f"invalid: {error}")
        raise
    tag_errors(application, receipt.slot)
    try:
        held.queue(application).record_many([receipt], trace=trace)
    except redis.ResponseError as error:
        if not str(error).startswith(_DAMAGED):
            raise
        _bury(held, name, args, kwargs, str(error))
        raise DamagedSlot(str(error)) from error


def _known(held: Runtime, application: object) -> str:
    if not isinstance(application, str) or application not in held.ways:
        raise InvalidReceipt(_APPLICATION, shown(application), f"one of {', '.join(held.ways)}")
    return application


def _bury(held: Runtime, name: str, args: Sequence[object], kwargs: Mapping[str, object], reason: str) -> None:
    shown = shown_arguments(name, args, kwargs)
    ledger = _way(held, kwargs).ledger
    ledger.bury_invalid(name, shown.text, reason, cut=shown.cut)
    # Its words name the argument and what was found there: not for Sentry.
    kind = kind_of(reason)
    report_death(ledger, Death(kind, f"{kind}: {name}"))


def _way(held: Runtime, kwargs: Mapping[str, object]) -> Way:
    application = kwargs.get(_APPLICATION)
    return held.ways.get(application if isinstance(application, str) else "") or next(iter(held.ways.values()))
