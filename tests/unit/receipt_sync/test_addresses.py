from typing import Any

import pytest
import redis
from redis.sentinel import SentinelConnectionPool

from receipt_sync import ReceiptQueue
from receipt_sync.addresses import CLUSTER, SENTINEL, several_servers
from receipt_sync.connection import connect
from stack.ports import free_port


@pytest.mark.parametrize("url", ["redis://h/0", "rediss://h", "unix:///run/redis.sock", "h", "http+sentinel://h/s"])
def test_one_server(url: str) -> None:
    assert several_servers(url) is None


def test_sentinels() -> None:
    address = several_servers("redis+sentinel://u:p%40@one:1,two,[::1]:3/main/4?sentinel_password=q&client_name=c")
    assert address is not None
    assert (address.kind, address.service) == (SENTINEL, "main")
    assert address.places == (("one", 1), ("two", 26379), ("::1", 3))
    assert address.options == {"username": "u", "password": "p@", "db": 4, "client_name": "c"}
    assert address.sentinel_options == {"password": "q"}


def test_sentinels_behind_tls() -> None:
    address = several_servers("rediss+sentinel://one/main?ssl_ca_certs=/ca.pem")
    assert address is not None
    assert address.options == address.sentinel_options == {"ssl": True, "ssl_ca_certs": "/ca.pem"}


def test_a_cluster() -> None:
    address = several_servers("rediss+cluster://:p@one:1,two")
    assert address is not None
    assert (address.kind, address.service) == (CLUSTER, "")
    assert address.places == (("one", 1), ("two", 6379))
    assert address.options == {"ssl": True, "password": "p"}


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://:secret@one",
        "redis+sentinel://:secret@one/main/x",
        "redis+sentinel://:secret@one,,two/main",
        "redis+sentinel://:secret@one:x/main",
        "redis+cluster://:secret@one/1",
        "redis+cluster://:secret@",
    ],
)
def test_what_is_no_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"^REDIS_URL: expected") as caught:
        connect("REDIS_URL", url, 0.5)
    assert "secret" not in str(caught.value)


def test_the_sentinels_together_may_take_as_long_as_one_connection() -> None:
    pool: Any = connect("REDIS_URL", "redis+sentinel://one,two/main", 0.5).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    for sentinel in pool.sentinel_manager.sentinels:
        assert sentinel.connection_pool.connection_kwargs["socket_timeout"] == 0.25
        assert sentinel.connection_pool.connection_kwargs["socket_connect_timeout"] == 0.25


@pytest.mark.parametrize("url", ["redis+sentinel://127.0.0.1:{0}/main", "redis+cluster://127.0.0.1:{0}"])
def test_a_ledger_that_is_away_is_a_redis_error_when_it_is_used_and_not_before(url: str) -> None:
    queue = ReceiptQueue(url.format(free_port()))
    with pytest.raises(redis.RedisError):
        queue.mark_dialog_read("53a99a7be4b094c7c6d31b41", user_id=1)
    queue.close()
