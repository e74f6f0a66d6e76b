"""The broker, guarded: nothing that lies in its queues ends the worker or comes back for ever.

Two fences, one behind the other: `channel` before kombu, on Redis alone, and `consumer` before Celery, on every broker.
`unacknowledged` is what a channel has taken and may give back.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from kombu import transport as kombu_transports
from kombu.transport import redis as kombu_redis

from worker.guard.channel import ChannelGuard
from worker.guard.consumer import GuardedConsumer
from worker.quarantine import Quarantine


def guard(app: Celery, quarantine: Quarantine, most_bytes: int) -> None:
    """Puts the fences up for this process: in Celery's options, and in kombu's table of transports."""
    held = {"quarantine": quarantine, "most_bytes": most_bytes}
    app.conf.worker_consumer = type("Consumer", (GuardedConsumer,), {"quarantine": quarantine})
    plain = _guarded(kombu_redis.Transport, held)
    by_sentinel = _guarded(kombu_redis.SentinelTransport, held)
    for name in ("redis", "rediss", "sentinel"):
        kombu_transports._transport_cache.pop(name, None)  # noqa: SLF001 - a name that was looked up stays resolved
    aliases: Any = kombu_transports.TRANSPORT_ALIASES  # annotated as names alone; classes are taken as well
    aliases.update(redis=lambda: plain, rediss=lambda: plain, sentinel=lambda: by_sentinel)


def _guarded(transport: Any, held: dict[str, Any]) -> Any:
    channel = type("Channel", (ChannelGuard, transport.Channel), held)
    return type("Transport", (transport,), {"Channel": channel})
