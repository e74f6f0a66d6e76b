"""The broker: whether it is reached with these settings, whether it is the ledger's Redis, and what it would lose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import redis
from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import KombuError, OperationalError

from settings import Settings
from settings.addresses import broker_of
from settings.masking import mask_url
from worker.broker import kombu_broker, verify_amqps
from worker.contract import DOORBELL_QUEUE, RECEIPTS_QUEUE
from worker.doctor.findings import Finding, fault, ok, unseen, warning
from worker.ledger.keeping import told_policy
from worker.wording import many

_TIMEOUT_S = 3.0
_REDIS_PORT = 6379
_NOT_FOUND = "404"  # as a number or a word, after the transport
_MANY = 1000


def examine_broker(settings: Settings) -> list[Finding]:
    """What can be seen of it; that it is not reached is a fault like others."""
    verify_amqps(settings.broker_ca_file)  # as the worker does: kombu alone would not look at the certificate
    url, options = kombu_broker(settings.broker_url)
    said = f"{mask_url(settings.broker_url)} (CELERY_BROKER_URL)"
    try:
        made: Any = Connection
        with made(url, transport_options=options, connect_timeout=_TIMEOUT_S) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=_TIMEOUT_S)
            channel = connection.default_channel
            return [ok("broker", f"reached at {said}"), *_safety(settings, channel), *_queues(channel)]
    # Its kind alone: the words of some hold addresses and passwords.
    except (OperationalError, KombuError, AMQPError, OSError, redis.RedisError) as error:
        cause = error.__cause__ or error
        if isinstance(cause, redis.exceptions.NoPermissionError):
            return [unseen("broker", f"its user may not look at it: {said}", "ask with the worker's CELERY_BROKER_URL")]
        return [
            fault("broker", f"not reached at {said}: {type(cause).__name__}", "start it, or mend CELERY_BROKER_URL")
        ]


def _safety(settings: Settings, channel: Any) -> Iterator[Finding]:
    if settings.broker_url.startswith(("amqp", "pyamqp")):
        yield ok("broker", "RabbitMQ: durable queues, confirmed messages")
        return
    if is_ledger(settings):
        yield from _shared(channel.client)
        return
    policy = told_policy(channel.client)
    if policy not in (None, "noeviction"):
        yield warning(
            "broker",
            f"a Redis of its own with maxmemory-policy {policy}: calls by send_task may be evicted",
            "CONFIG SET maxmemory-policy noeviction there",
        )
    else:
        yield ok("broker", "a Redis of its own: calls by send_task are as safe as it is; receipts do not hang on it")


def is_ledger(settings: Settings) -> bool:
    """Whether the broker lives in the ledger's Redis, whatever the database."""

    def place(url: str) -> tuple[str | None, int | None, str]:
        parts = urlsplit(url)
        port = None if parts.scheme == "redis+socket" else parts.port or _REDIS_PORT
        return parts.hostname, port, parts.path if parts.scheme == "redis+socket" else ""

    if ";" in settings.broker_url:  # several brokers, of which the ledger's may be one
        return False
    if "+sentinel://" in settings.redis_url:
        return settings.broker_url == settings.redis_url
    return "," not in settings.redis_url and place(settings.broker_url) == place(broker_of(settings.redis_url))


def _shared(server: Any) -> Iterator[Finding]:
    try:
        limited = int(server.info("memory").get("maxmemory", 0)) > 0
    except redis.ResponseError:
        yield unseen("broker", "the ledger's own Redis; it refuses INFO", "mind that it runs full")
        return
    if limited:
        yield warning(
            "broker",
            "the ledger's own Redis, with a limit: when it is full, doorbells are refused and nothing is drained",
            "RabbitMQ, or a Redis of its own, as the broker (docs/redis.md); or much room",
        )
    else:
        yield ok("broker", "the ledger's own Redis")


def _queues(channel: Any) -> Iterator[Finding]:
    for name in (RECEIPTS_QUEUE, DOORBELL_QUEUE):
        waiting = _waiting(channel, name)
        says = f"{many(waiting, 'message')} {'waits' if waiting == 1 else 'wait'} in {name}"
        if waiting >= _MANY:
            yield warning("broker", says, "more workers, if that does not get less")
        else:
            yield ok("broker", says)


def _waiting(channel: Any, name: str) -> int:
    """On Redis a queue without messages does not exist, on RabbitMQ one that no worker has made."""
    try:
        return int(channel.queue_declare(name, passive=True).message_count)
    except channel.connection.client.channel_errors as error:
        if str(error.reply_code) != _NOT_FOUND:
            raise
        return 0
