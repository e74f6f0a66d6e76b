"""The look at Redis before the pool forks: one that may evict is refused at once (ledger/keeping.py says why)."""

from __future__ import annotations

import logging
from typing import Any

import redis
from celery import bootsteps
from redis.backoff import NoBackoff
from redis.retry import Retry

from receipt_sync.connection import client_of
from settings import Settings
from worker.certificates import why
from worker.ledger.keeping import EvictingRedisError, require_keeping
from worker.logs import events

log = logging.getLogger(__name__)

_FIRST_LOOK_S = 2.0


def keeping_step(settings: Settings) -> type[bootsteps.Step]:
    """The bootstep that looks. A Redis that is away is looked at by the ticker, as soon as it is back."""

    class KeepingStep(bootsteps.Step):
        """Ends the process with one line and exit code 1 when the ledger would not be kept."""

        def create(self, worker: Any) -> None:  # noqa: ARG002 - celery's signature
            once = Retry(NoBackoff(), 0)
            client = client_of(settings.redis_url, timeout_s=_FIRST_LOOK_S, retry=once)
            try:
                for application in settings.applications:
                    require_keeping(client, application.name)
            except EvictingRedisError as error:
                events.REDIS_EVICTS.say(log, reason=str(error))
                raise SystemExit(1) from None
            except redis.RedisError as error:
                events.REDIS_NOT_REACHED.say(log, error=why(error))
            finally:
                client.close()

    return KeepingStep
