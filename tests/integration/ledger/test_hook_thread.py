"""The hook's thread: outages are waited out and said once, one application's trouble spares the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from kombu.exceptions import OperationalError

from receipt_sync import keys
from tests.histories import settlement
from tests.integration.ledger.real import APPLICATION, PREFIX, RealLedger
from tests.running import until
from tests.shorthand import dialogs, read
from worker import hook
from worker.hook import Hook
from worker.ledger.notices import GROUP, Notices

OTHER = "other"
STREAM = f"{PREFIX}:notices"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "_POLL_S", 0.02)
    monkeypatch.setattr(hook, "_AFTER_FAILURE_S", 0.02)


class Told:
    """An application's task, and the broker before it; `failure` is what the broker raises now."""

    def __init__(self) -> None:
        self.dialogs: list[str] = []
        self.tried = 0
        self.failure: Exception | None = None

    def __call__(self, notices: Sequence[dict[str, Any]]) -> None:
        self.tried += 1
        if self.failure:
            raise self.failure
        self.dialogs += [notice["dialog_id"] for notice in notices]


@contextmanager
def running(told: Told, *notices: Notices) -> Iterator[Hook]:
    thread = Hook(notices, told)
    thread.start()
    try:
        yield thread
    finally:
        thread.end()
        thread.join(10)
    assert not thread.is_alive()


def notices_of(client: redis.Redis, application: str = APPLICATION) -> Notices:
    return Notices(client, application, "one")


def cover(real: RealLedger, dialog_id: str) -> None:
    real.record([read(dialog=dialog_id)])
    for claim in real.claim():
        assert real.settle(*settlement(claim, "done"))


def said(caplog: pytest.LogCaptureFixture) -> Callable[[str], int]:
    return lambda words: sum(words in record.getMessage() for record in caplog.records)


WAITS, AGAIN = "notices wait to be handed on", "notices are handed on again"


@pytest.mark.parametrize("failure", [OperationalError("away"), RuntimeError("a broker raises what it likes")], ids=repr)
def test_an_outage_of_the_broker_is_waited_out_and_said_once(
    real: RealLedger, redis_client: redis.Redis, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    caplog.set_level(logging.WARNING)
    told = Told()
    told.failure = failure
    first, second = dialogs(2)
    cover(real, first)
    with running(told, notices_of(redis_client)):
        until(lambda: told.tried >= 5, "several tries")
        cover(real, second)
        told.failure = None
        until(lambda: sorted(told.dialogs) == [first, second], "both told, once")
        until(lambda: said(caplog)(AGAIN) == 1, "that it goes on")
        told.failure = failure
        cover(real, first)
        until(lambda: said(caplog)(WAITS) == 2, "the next outage")
    assert said(caplog)(AGAIN) == 1
    assert "what it likes" not in caplog.text


def test_one_applications_broken_stream_spares_the_others(
    redis_client: redis.Redis, real: RealLedger, caplog: pytest.LogCaptureFixture
) -> None:
    redis_client.set(f"{keys.prefix(OTHER)}:notices", "garbage")
    [dialog_id] = dialogs(1)
    cover(real, dialog_id)
    told = Told()
    with running(told, notices_of(redis_client, OTHER), notices_of(redis_client)):
        until(lambda: told.dialogs == [dialog_id], "the other application's notice")
    [waits] = [record.getMessage() for record in caplog.records if WAITS in record.getMessage()]
    assert f"application={OTHER}" in waits


def test_a_redis_that_came_back_empty_gets_its_group_again(redis_client: redis.Redis, real: RealLedger) -> None:
    first, second = dialogs(2)
    told = Told()
    with running(told, notices_of(redis_client)):
        cover(real, first)
        until(lambda: told.dialogs == [first], "the first one")
        redis_client.flushall()
        real.ledger.publish_policy()
        cover(real, second)
        until(lambda: told.dialogs == [first, second], "the one after the flush")


def readers_of(client: redis.Redis) -> list[bytes]:
    answer: Any = client.xinfo_consumers(STREAM, GROUP)
    return [consumer["name"] for consumer in answer]


def test_who_ends_leaves_the_group_unless_it_still_has_something(redis_client: redis.Redis, real: RealLedger) -> None:
    first, second = dialogs(2)
    told = Told()
    with running(told, notices_of(redis_client)):
        cover(real, first)
        until(lambda: told.dialogs == [first], "it is told")
        assert readers_of(redis_client) == [b"one"]
    assert readers_of(redis_client) == []
    told.failure = OperationalError("away")
    with running(told, notices_of(redis_client)):
        cover(real, second)
        until(lambda: told.tried > 1, "it has the second in its hands")
    assert readers_of(redis_client) == [b"one"]
    told.failure = None
    with running(told, notices_of(redis_client)):
        until(lambda: told.dialogs == [first, second], "who comes back has it still")


def test_an_outage_of_redis_is_waited_out_and_said_once(
    real: RealLedger, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    [dialog_id] = dialogs(1)
    notices, tries, there = notices_of(redis_client), [0], threading.Event()
    take = notices.take

    def away(most: int) -> Any:
        tries[0] += 1
        if not there.is_set():
            raise redis.ConnectionError("away")
        return take(most)

    monkeypatch.setattr(notices, "take", away)
    told = Told()
    with running(told, notices):
        until(lambda: tries[0] >= 5, "several tries")
        cover(real, dialog_id)
        there.set()
        until(lambda: told.dialogs == [dialog_id], "it is told")
    assert said(caplog)(WAITS) == 1
