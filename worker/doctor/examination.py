"""Everything looked at, in the order in which it stands on one another; what one part cannot tell stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import redis

from receipt_sync import keys
from receipt_sync.cluster import node_of
from settings import Application, Settings
from settings.masking import mask_url
from worker.doctor.api import examine_api, examine_session
from worker.doctor.broker import examine_broker
from worker.doctor.contradictions import contradictions
from worker.doctor.findings import Finding, fault, unseen
from worker.doctor.ledger import examine_ledger
from worker.doctor.redis_server import examine_server
from worker.doctor.workers import examine_workers


def examine(
    settings: Settings, client: redis.Redis, applications: Sequence[Application], user_id: int | None
) -> Iterator[Finding]:
    """All findings, each as soon as it is made.

    Args:
        settings: of this environment.
        client: the ledger's Redis; answers must be bytes.
        applications: those to look at.
        user_id: on whose behalf the API is asked; None for nobody's.
    """
    yield from contradictions(settings)
    of_servers, reached = _of_redis(settings, lambda: _servers(client, applications))
    yield from of_servers
    of_broker = examine_broker(settings)
    yield from of_broker
    for application in applications:
        yield from examine_api(application, user_id)
    if not reached:
        return
    yield from _of_redis(settings, lambda: _ledgers(settings, client, applications))[0]
    names = [each.name for each in applications]
    by_broker = all(each.level != "fault" for each in of_broker)
    yield from _of_redis(settings, lambda: examine_workers(settings, client, names, by_broker=by_broker))[0]


def _ledgers(settings: Settings, client: redis.Redis, applications: Sequence[Application]) -> list[Finding]:
    looked = ((examine_session(each, client), examine_ledger(settings, each, client)) for each in applications)
    return [finding for found in looked for part in found for finding in part]


def _of_redis(settings: Settings, look: Callable[[], list[Finding]]) -> tuple[list[Finding], bool]:
    """What one look at Redis finds, and whether it was reached; that it was not, or is not granted, is a finding."""
    try:
        return look(), True
    except redis.exceptions.NoPermissionError:
        said = f"{mask_url(settings.redis_url)} (REDIS_URL)"
        return [unseen("ledger", f"its user may not look at all of it: {said}", "ask as the operator's user")], True
    except redis.RedisError as error:
        said = f"{mask_url(settings.redis_url)} (REDIS_URL)"
        kind = type(error).__name__
        return [fault("ledger", f"the ledger was not reached at {said}: {kind}", "start it, or mend REDIS_URL")], False


def _servers(client: redis.Redis, applications: Sequence[Application]) -> list[Finding]:
    """Each server that holds a ledger, once; in a cluster they are several."""
    found, seen = [], set()
    for application in applications:
        server: Any = node_of(client, keys.prefix(application.name))
        place = tuple(server.connection_pool.connection_kwargs.get(name) for name in ("host", "port", "path"))
        if place not in seen:
            seen.add(place)
            found += examine_server(server)
    return found
