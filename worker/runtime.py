"""What one process of the worker holds: the ledgers, the chat clients and the threads, made once and after the fork."""

from __future__ import annotations

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from receipt_sync import ReceiptQueue
from receipt_sync.connection import client_of
from settings import Application, Settings
from settings.service_session import CREDENTIALS
from worker.acting import Patience
from worker.alerts import WORDS, alert
from worker.chat_api import ChatApi, Door, Endpoint
from worker.events import events
from worker.flights import POLL_S
from worker.ledger import Ledger, RingSize
from worker.ledger.policy import policy_of
from worker.plan import Limits
from worker.sealing import seal_of
from worker.sending import Way
from worker.service_session import ServiceSession
from worker.session_store import SessionStore, digest_of
from worker.signing import Credentials
from worker.task_events import outage_events

_REDIS_TIMEOUT_S = 5.0
# A settle that gives up costs a second PUT: it is tried again for about as long as a Redis takes to restart.
_REDIS_RETRIES = 8
# A call that is sent later than its claim allowed for falls into another second and is one too many there. A tenth of
# a second's calls is what the default rate leaves below the plan's.
_LATE_FOR_PACE_S = 0.1
# Of the time for which receipts gather in any case: nobody sees that much more, and claims and settles are fewer by it.
_TOGETHER_SHARE = 0.025


class Runtime:
    """The objects of one process for one set of settings. Not shared with children: see `runtime`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._seal = seal_of(settings)
        self.redis = client_of(
            settings.redis_url,
            timeout_s=_REDIS_TIMEOUT_S,
            # A socket file's connection knows no such option.
            **({} if settings.redis_url.startswith("unix://") else {"socket_keepalive": True}),
            health_check_interval=30,
            retry=Retry(ExponentialBackoff(cap=2, base=0.05), _REDIS_RETRIES),
        )
        self.ways = {application.name: self._way(application) for application in settings.applications}
        # One each: an application whose calls hang must not take the others' threads. They are made when needed.
        self.pools: dict[str, Executor] = {
            name: ThreadPoolExecutor(settings.connections, thread_name_prefix=f"put-{name}") for name in self.ways
        }
        self._queues = {
            name: ReceiptQueue(
                client=self.redis, application=name, max_text_bytes=settings.max_text_bytes, seal=self._seal
            )
            for name in self.ways
        }

    def queue(self, application: str) -> ReceiptQueue:
        """The recording end of an application's ledger."""
        return self._queues[application]

    def _way(self, application: Application) -> Way:
        settings = self.settings
        return Way(
            ledger=self._ledger(application),
            api=self._door(application),
            limits=Limits(application.list_max_ids if application.comma_lists else 1, application.both_flags),
            patience=Patience(
                settings.backoff_base_s,
                settings.backoff_cap_s,
                settings.retry_after_max_s,
                settings.unauthorized_hold_s,
            ),
            send_within_s=settings.lease_margin_s / 2,
            late_s=_LATE_FOR_PACE_S if application.rate_per_s else settings.lease_margin_s,
            connections=settings.connections,
            together_s=_together_s(settings, application),
        )

    def _door(self, application: Application) -> Door:
        settings, api = self.settings, ChatApi(endpoint_of(application))
        credentials = _credentials(application)
        # The key wins: it serves every user, and does not expire (docs/decisions/0019).
        if credentials is None or application.api_key is not None:
            return api
        of = digest_of(credentials, application.endpoint)
        lock_ms = round(settings.lease_s(application) * 1000)
        store = SessionStore(self.redis, application.name, of=of, lock_ms=lock_ms, seal=self._seal)
        return ServiceSession(application.name, api, store, credentials, settings.unauthorized_hold_s)

    def _ledger(self, application: Application) -> Ledger:
        settings = self.settings
        return Ledger(
            self.redis,
            application.name,
            policy=policy_of(settings, application),
            lease_ms=round(settings.lease_s(application) * 1000),
            size=RingSize(settings.syncs_max, round(settings.permit_s * 1000), settings.connections),
            tell=self._tell,
            seal=self._seal,
            key_wait_ms=round(settings.unauthorized_hold_s * 1000),
        )

    def _tell(self, application: str, event: str) -> None:
        """What all hear of an outage."""
        alert(application, event)
        change, _, why = event.partition(" ")
        since_ms = 0
        with suppress(redis.RedisError):  # the task's name alone hangs on it
            since_ms = self.ways[application].ledger.outage_since_ms()
        events.tell(*outage_events(application, change, why, WORDS.get(why, why), since_ms))


def _together_s(settings: Settings, application: Application) -> float:
    """For how long claims and settles wait for each other: of what every receipt gathers, of whatever kind, a share.

    Not where there is a rate: its bucket holds a call, or what a twentieth of a second lets through (BURST_S in
    worker/ledger/lua/law.lua); it would flow over, and a part of the rate be lost.
    """
    if application.rate_per_s:
        return 0.0
    least_s = min(settings.gather_min_s, settings.gather_edit_min_s, settings.gather_delivered_min_s)
    return min(POLL_S, _TOGETHER_SHARE * least_s)


def endpoint_of(application: Application) -> Endpoint:
    """Where and how one application's chat API is reached."""
    key = application.api_key
    return Endpoint(
        base_url=application.endpoint,
        api_key=None if key is None else key.get_secret_value(),
        connect_timeout_s=application.connect_timeout_s,
        read_timeout_s=application.read_timeout_s,
        ca_file=None if application.ca_file is None else str(application.ca_file),
    )


def _credentials(application: Application) -> Credentials | None:
    given = [getattr(application, name) for name in CREDENTIALS]
    return Credentials(*(secret.get_secret_value() for secret in given)) if all(given) else None


def runtime(settings: Settings) -> Runtime:
    """This process's runtime: threads and connections must not cross a fork, so each process makes its own."""
    return _of_process(settings, os.getpid())


@lru_cache(maxsize=1)
def _of_process(settings: Settings, _pid: int) -> Runtime:
    return Runtime(settings)
