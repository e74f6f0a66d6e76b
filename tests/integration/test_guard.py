"""The guarded channel over a real Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from celery import Celery
from kombu import transport as kombu_transports
from kombu.connection import Connection
from kombu.entity import Exchange, Queue

from stack.redis_server import RedisServer
from worker.guard import guard
from worker.quarantine import Quarantine

QUEUE = Queue("letters", Exchange("letters", type="direct"), routing_key="letters")  # type: ignore[no-untyped-call]


@pytest.fixture
def connection(redis_server: RedisServer, redis_client: redis.Redis) -> Iterator[Any]:  # noqa: ARG001 - empties Redis
    """A connection of a guarded application; the table of transports is put back afterwards."""
    aliases: Any = kombu_transports.TRANSPORT_ALIASES
    before = dict(aliases)
    guard(Celery("guarded", set_as_current=False), Quarantine(dict), most_bytes=10_000)
    with Connection(redis_server.url_of("default")) as connection:  # type: ignore[no-untyped-call]
        yield connection
    aliases.update(before)
    for name in ("redis", "rediss", "sentinel"):
        kombu_transports._transport_cache.pop(name, None)


def test_one_client_serves_a_pool_and_another_pool_has_another(connection: Any) -> None:
    channel = connection.channel()

    def client() -> Any:
        with channel.conn_or_acquire() as acquired:
            return acquired

    first = client()
    assert client() is first
    channel._disconnect_pools()  # as kombu does after a connection was lost
    assert client() is not first
    assert client().connection_pool is channel.pool
    assert client().ping()


def receive_one(connection: Any) -> Any:
    """A channel that has been given a message and has not acknowledged it."""
    channel = connection.channel()
    connection.Producer(channel).publish({"a": 1}, exchange=QUEUE.exchange, routing_key="letters", declare=[QUEUE])
    assert QUEUE(channel).get() is not None  # type: ignore[no-untyped-call]
    return channel


def test_messages_that_say_the_same_tag_are_kept_apart_and_all_come_back(
    connection: Any, redis_client: redis.Redis
) -> None:
    """As those of the npm client celery-ts: each but the last would be lost with the worker."""
    channel = connection.channel()
    QUEUE(channel).declare()  # type: ignore[no-untyped-call]
    for number in range(3):
        # What lies in the queue, as `Producer` leaves it there, but for the tag.
        connection.Producer(channel).publish({"a": number}, exchange=QUEUE.exchange, routing_key="letters")
        stored: Any = redis_client.lpop("letters")
        envelope = json.loads(stored)
        envelope["properties"]["delivery_tag"] = "celery"
        redis_client.rpush("letters", json.dumps(envelope))
    first, *_ = [QUEUE(channel).get() for _ in range(3)]  # type: ignore[no-untyped-call]
    assert redis_client.hlen("unacked") == redis_client.zcard("unacked_index") == 3
    first.ack()
    assert redis_client.hlen("unacked") == 2
    channel.close()
    assert redis_client.llen("letters") == 2
    again = connection.channel()
    assert {QUEUE(again).get().payload["a"] for _ in range(2)} == {0, 1, 2} - {first.payload["a"]}  # type: ignore[no-untyped-call]


def test_a_channel_gives_back_what_was_not_acknowledged(connection: Any, redis_client: redis.Redis) -> None:
    receive_one(connection).close()
    assert redis_client.llen("letters") == 1


def test_a_channel_whose_connection_has_been_collected_can_be_closed(
    connection: Any, redis_client: redis.Redis
) -> None:
    channel = receive_one(connection)
    client, channel.connection.client = channel.connection.client, None
    channel.close()
    connection.transport.client = client
    assert redis_client.llen("letters") == 0
    assert redis_client.hlen("unacked") == 1  # from where the visibility timeout brings it back


@pytest.mark.parametrize("settle", ["ack", "reject", "requeue"])
def test_a_message_of_a_closed_channel_can_be_settled_and_comes_back(
    connection: Any, redis_client: redis.Redis, settle: str
) -> None:
    """As when a process of the pool dies after the consumer has reconnected."""
    channel = receive_one(connection)
    [tag] = channel.qos._delivered
    before, channel.connection = channel.connection, None
    if settle == "ack":
        channel.basic_ack(tag)
    else:
        channel.basic_reject(tag, requeue=settle == "requeue")
    channel.connection = before
    assert redis_client.hlen("unacked") == 1


def test_a_key_is_set_aside_in_one_step(
    connection: Any, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers are refused at once: what the first has mended, and what came since, the second leaves alone."""
    channel = connection.channel()
    redis_client.set("letters", "garbage")
    plain: Any = redis.Redis.execute_command

    def and_then_the_other_worker(client: redis.Redis, *args: Any, **options: Any) -> Any:
        answer = plain(client, *args, **options)
        if "letters" in args and plain(redis_client, "TYPE", "letters") != b"list":
            plain(redis_client, "DEL", "letters")
            plain(redis_client, "LPUSH", "letters", "good")
        return answer

    monkeypatch.setattr(redis.Redis, "execute_command", and_then_the_other_worker)
    channel.set_aside_other_types(["letters"])
    monkeypatch.undo()
    assert redis_client.lrange("letters", 0, -1) == [b"good"]
    assert redis_client.get("letters:broken") == b"garbage"


def test_a_subscription_that_says_nothing_is_not_waited_for(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """redis-py's own would wait without an end, in the worker's event loop: chaos found it behind a silent network."""
    monkeypatch.setattr("worker.guard.channel.ANSWER_TIMEOUT_S", 0.2)
    channel = connection.channel()
    subscription = channel.subclient
    subscription.psubscribe("silent")
    with ThreadPoolExecutor(1) as pool:
        for _ in ("that it has subscribed", "nothing"):
            pool.submit(channel._receive_one, subscription).result(10)
    channel.client.publish("silent", b'{"a": 1}')
    assert subscription.parse_response()[-1] == b'{"a": 1}'
