"""The workers: who listens to the ledger, who answers through the broker, and whether what is due gets less.

An answer to a ping proves a connection, and no progress: a worker may answer and consume nothing. So what counts is
that nothing that could be sent has been due for long, or that PUTs are counted while it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import redis
from celery import Celery
from kombu.exceptions import KombuError, OperationalError

from settings import Settings
from worker.broker import kombu_broker
from worker.doctor.findings import Finding, fault, ok, unseen
from worker.ledger.listening import listeners
from worker.ledger.searching import first_slots
from worker.ledger.slots import Slot, look_at
from worker.ledger.standing import Standing, standing
from worker.reasons import NOTICED_MS
from worker.wording import many

_PING_S = 1.5
_BETWEEN_S = 2.0
_FIRST = 1


def examine_workers(settings: Settings, client: redis.Redis, names: Sequence[str], *, by_broker: bool) -> list[Finding]:
    """Who is there, and whether these applications get on; `by_broker` False: it is away, and nobody is asked by it.

    Raises:
        redis.RedisError: the ledger was not reached.
    """
    before = [standing(client, name) for name in names]
    began_s = time.monotonic()
    found = [*_present(settings, client, names[0], by_broker=by_broker)]
    time.sleep(max(0.0, _BETWEEN_S - (time.monotonic() - began_s)))
    for each in before:
        first = look_at(client, each.application, first_slots(client, each.application, _FIRST))
        found.append(progress(each, standing(client, each.application), first))
    return found


def _present(settings: Settings, client: redis.Redis, name: str, *, by_broker: bool) -> Iterator[Finding]:
    listening, answering = listeners(client, name), _answering(settings) if by_broker else None
    if listening == 0:
        yield fault("workers", "none listens to the ledger", "start one: `celery -A worker.app worker` (Procfile)")
    elif listening is None:
        yield unseen("workers", "Redis does not tell who listens", "PUBSUB NUMSUB, granted or asked at each node")
    else:
        yield ok("workers", f"{many(listening, 'connection')} to the ledger listening")
    if answering is None:
        return  # said of the broker
    if answering:
        yield ok("workers", f"{many(answering, 'worker')} answering through the broker")
    elif listening:
        yield fault(
            "workers",
            f"some listen to the ledger, and none answers through the broker within {_PING_S} s",
            "the same CELERY_BROKER_URL for all? A worker that has lost its broker: restart it",
        )


def _answering(settings: Settings) -> int | None:
    """How many workers answer a ping; None where the broker is not reached."""
    url, options = kombu_broker(settings.broker_url)
    with Celery("doctor", broker=url, set_as_current=False) as asking:
        asking.conf.update(broker_transport_options=options, broker_connection_retry=False)
        try:
            return len(asking.control.ping(timeout=_PING_S))
        except (OperationalError, KombuError, OSError, redis.RedisError):
            return None


def progress(before: Standing, after: Standing, first: Sequence[Slot]) -> Finding:
    """Whether an application gets on, from two looks and the slot that stands first."""
    name = after.application
    if after.is_empty:
        return ok("progress", "nothing waits", name)
    answered = sum(after.puts.values()) - sum(before.puts.values())
    if answered or after.covered > before.covered:
        return ok("progress", f"{answered} calls were answered within {_seconds(before, after):.1f} s", name)
    if after.state != "sending":
        return ok("progress", f"nothing is to be seen: the application is {after.state}", name)
    overdue_ms = max((after.now_ms - each.due_ms for each in first if each.due_ms and not each.lease_ms), default=0)
    if overdue_ms > NOTICED_MS:
        return fault(
            "progress",
            f"{after.slots_due} slots are due, the first for {overdue_ms / 1000:.0f} s, and no call was made",
            "a worker that is connected and consumes nothing: restart it; `inspect` shows a slot, the log the reason",
            name,
        )
    return ok("progress", f"waiting for their time: {many(after.slots_waiting, 'slot')}", name)


def _seconds(before: Standing, after: Standing) -> float:
    return (after.now_ms - before.now_ms) / 1000
