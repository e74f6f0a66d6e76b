"""What a cluster's client raises: `redis.RedisError` and nothing else, whichever command it is."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import pytest
import redis
from redis import exceptions

from receipt_sync import AsyncReceiptQueue, LocalBuffer, MarkRead, ReceiptQueue, cluster
from receipt_sync.cluster import ClusterClient
from tests.shorthand import DIALOG, USER

RAISED: list[tuple[Exception, type[redis.RedisError], str]] = [
    (exceptions.RedisClusterException("no node: 10.0.0.1"), redis.ConnectionError, "RedisClusterException"),
    (exceptions.SlotNotCoveredError("slot 7 at 10.0.0.1"), redis.ConnectionError, "SlotNotCoveredError"),
    (exceptions.ClusterError("TTL exhausted."), redis.ConnectionError, "ClusterError"),
    (exceptions.ClusterDownError("The cluster is down"), exceptions.ClusterDownError, "The cluster is down"),
    (redis.ResponseError("OOM x"), redis.ResponseError, "OOM x"),
    (redis.TimeoutError("x"), redis.TimeoutError, "x"),
]


class Failing:
    """redis-py's client, every command of which raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.reinitialize_steps = 5

    def __getattr__(self, name: str) -> Any:
        def command(*_: object, **__: object) -> None:
            raise self._error

        return command


@pytest.mark.parametrize(
    "command", ["fcall", "evalsha", "eval", "execute_command", "hincrby", "set", "xread", "pubsub"]
)
@pytest.mark.parametrize(("error", "kind", "words"), RAISED, ids=lambda part: getattr(type(part), "__name__", None))
def test_every_command_raises_what_callers_know(
    monkeypatch: pytest.MonkeyPatch, command: str, error: Exception, kind: type[redis.RedisError], words: str
) -> None:
    monkeypatch.setattr(cluster, "RedisCluster", lambda **_: Failing(error))
    client = ClusterClient((("127.0.0.1", 1),))
    with pytest.raises(kind, match=words) as raised:
        getattr(client, command)("a", 1)
    assert "10.0.0.1" not in str(raised.value)


def test_what_is_no_command_is_as_redis_py_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "RedisCluster", lambda **_: Failing(redis.TimeoutError()))
    assert ClusterClient((("127.0.0.1", 1),)).reinitialize_steps == 5


class AsyncFailing(Failing):
    """The same for asyncio."""

    def __getattr__(self, name: str) -> Any:
        async def command(*_: object, **__: object) -> None:
            raise self._error

        return command

    async def aclose(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self


@pytest.mark.parametrize(("error", "kind", "words"), RAISED, ids=lambda part: getattr(type(part), "__name__", None))
def test_so_does_the_queue_for_asyncio(error: Exception, kind: type[redis.RedisError], words: str) -> None:
    async def run() -> None:
        receipts = AsyncReceiptQueue(client=AsyncFailing(error))  # type: ignore[arg-type]
        await receipts.mark_dialog_read(DIALOG, user_id=USER)

    with pytest.raises(kind, match=words) as raised:
        asyncio.run(run())
    assert "10.0.0.1" not in str(raised.value)


@pytest.mark.parametrize(("error", "kind", "words"), RAISED, ids=lambda part: getattr(type(part), "__name__", None))
def test_so_does_the_queue_over_a_client_of_the_callers_own(
    error: Exception, kind: type[redis.RedisError], words: str
) -> None:
    receipts = ReceiptQueue(client=Failing(error))  # type: ignore[arg-type]
    with pytest.raises(kind, match=words):
        receipts.mark_dialog_read(DIALOG, user_id=USER)
    with pytest.raises(kind, match=words) as raised:
        receipts.record_many([MarkRead(dialog_id=DIALOG, user_id=USER)])
    assert "10.0.0.1" not in str(raised.value)


def test_a_buffer_keeps_what_a_cluster_did_not_take() -> None:
    error = exceptions.RedisClusterException("no node: 10.0.0.1")
    buffer = LocalBuffer()
    ReceiptQueue(client=Failing(error), when_down=buffer).mark_dialog_read(DIALOG, user_id=USER)  # type: ignore[arg-type]
    assert len(buffer) == 1
