"""What the guards change of kombu's and Celery's costs; what they refuse is shown on a real broker (integration)."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from worker.guard.channel import ChannelGuard
from worker.guard.consumer import GuardedConsumer
from worker.health.seeing import Consuming


class KombuChannel:
    """Makes a client for each command, as kombu's."""

    def __init__(self) -> None:
        self.pool = object()

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's signature
        return SimpleNamespace(connection_pool=self.pool, asynchronous=asynchronous, parse_response=None, pubsub=None)


class Channel(ChannelGuard, KombuChannel):
    """As kombu's transport gets it."""


def test_a_channel_keeps_its_client_until_its_connections_are_others() -> None:
    channel = Channel()
    client = channel._create_client()
    assert channel._create_client() is client
    channel.pool = object()
    assert channel._create_client().connection_pool is channel.pool
    assert Channel()._create_client() is not client


def test_a_client_that_listens_is_its_own() -> None:
    channel = Channel()
    assert channel._create_client() is not channel._create_client(asynchronous=True)
    assert channel._create_client(asynchronous=True) is not channel._create_client(asynchronous=True)


def test_events_gather_for_a_moment_and_none_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, later = [1000.0], []
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    consumer = object.__new__(GuardedConsumer)
    consumer.hub = SimpleNamespace(call_later=lambda delay_s, what: later.append((now_s[0] + delay_s, what)))
    for at_s in (1000.0, 1000.02, 1000.04, 1000.06):
        now_s[0] = at_s
        consumer.on_send_event_buffered()
    assert later == [(1000.05, consumer._flush_events), (pytest.approx(1000.11), consumer._flush_events)]


def test_a_consumer_without_a_loop_of_events_gathers_none() -> None:
    consumer = object.__new__(GuardedConsumer)
    consumer.hub = None
    consumer.on_send_event_buffered()


def test_junk_that_is_thrown_away_counts_as_consumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a worker that does nothing but clean up would be taken for one that has fallen silent."""
    monkeypatch.setattr("worker.guard.channel.consuming", consuming := Consuming())
    channel = Channel()
    channel.quarantine, channel.most_bytes = SimpleNamespace(item=lambda *_: None), 1000  # type: ignore[assignment]
    parse = channel._only_messages(lambda *_, **__: (b"receipts", b"junk"))
    assert parse(None, "BRPOP") is None
    parse(None, "PING")
    assert consuming.messages == 1
