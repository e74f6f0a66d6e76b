from typing import Any

import pytest
from kombu.connection import Connection
from kombu.transport.redis import Channel
from redis import ConnectionPool

from settings import load
from tests.unit.settings.faults import fault_of
from worker.broker import kombu_broker


def kombu_parameters(url: str) -> dict[str, Any]:
    """What kombu makes of a broker's address, without connecting."""

    class Unconnected(Channel):
        def __init__(self, connection: object) -> None:
            self.connection = connection

    class Transport:
        client = Connection(url)  # type: ignore[no-untyped-call]
        default_port = 6379

    parameters: dict[str, Any] = Unconnected(Transport)._connparams()  # type: ignore[no-untyped-call]
    return parameters


@pytest.mark.parametrize(
    "ledger",
    [
        "redis://127.0.0.1:6379/0",
        "redis://h",
        "redis://h:1/3",
        "redis://h/3?db=4",
        "redis://u:p%40%2Fq@h:1/3?socket_timeout=3",
        "redis://:p@h/1?username=late&client_name=x",
        "redis://h/1?username=u%40%2F&password=p%26",
        "redis://[::1]:6379/2",
        "rediss://u:p@h:1/3",
        "rediss://h/3?ssl_ca_certs=/etc/ca.pem&health_check_interval=9",
        "unix:///run/redis.sock",
        "unix:///tmp/with%20space/redis.sock?db=2",
        "unix://u:p%40@/run/redis.sock?db=2&socket_timeout=1",
        "unix:///run/redis.sock?password=p%40%3A&db=1",
    ],
)
def test_the_broker_made_from_the_ledger_is_the_same_redis_to_kombu(ledger: str) -> None:
    settings = load({"REDIS_URL": ledger})
    ours = ConnectionPool.from_url(settings.redis_url).connection_kwargs
    kombus = kombu_parameters(settings.broker_url)
    for key, absent in {"host": None, "port": 6379, "path": None, "db": 0, "username": None, "password": None}.items():
        if key in {"host", "port"} and "path" in ours:
            continue
        assert kombus.get(key, absent) == ours.get(key, absent), key


@pytest.mark.parametrize("name", ["REDIS_URL", "CELERY_BROKER_URL"])
def test_a_broker_behind_tls_is_verified_unless_told_otherwise(name: str) -> None:
    assert load({name: "rediss://h/1"}).broker_url == "rediss://h/1?ssl_cert_reqs=required"
    assert load({name: "rediss://h/1?ssl_cert_reqs=none"}).broker_url == "rediss://h/1?ssl_cert_reqs=none"


@pytest.mark.parametrize(
    "url",
    [
        "redis://h/1",
        "redis+socket:///run/redis.sock?virtual_host=1",
        "redis+sentinel://:p@one:26379,two:26379/main/1",
        "amqp://guest:guest@h//",
        "amqps://h/vhost",
        "pyamqp://u@h",
    ],
)
def test_brokers_that_celery_knows(url: str) -> None:
    assert load({"CELERY_BROKER_URL": url}).broker_url == url


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://one:26379,two,[::1]:26381/main",
        "redis+sentinel://u:p%40@one,two/main/3?sentinel_password=q",
        "rediss+sentinel://one,two/main",
        "redis+cluster://one:7001,two:7002",
        "rediss+cluster://u:p@one,two/0",
    ],
)
def test_ledgers_of_several_servers(url: str) -> None:
    assert load({"REDIS_URL": url, "CELERY_BROKER_URL": "amqp://h"}).redis_url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("redis+sentinel://one,two", "the service's name is missing"),
        ("redis+sentinel://one,two/main/x", "the database is no number"),
        ("redis+sentinel://one,,two/main", "the host is missing"),
        ("redis+sentinel://one,two:x/main", "host or port cannot be read"),
        ("redis+sentinel://one,two/main#a", "it holds a '#'"),
        ("redis+cluster://one,two/1", "a cluster has database 0 alone"),
        ("redis+cluster://one?db=1", "a cluster has database 0 alone"),
        ("sentinel://one/main", "the scheme is another one"),
        ("redis://h?ssl_ca_certs=/ca.pem", "an option of TLS"),
        ("redis+sentinel://one/main?ssl_ca_certs=/ca.pem", "an option of TLS"),
        ("redis://h?sentinel_password=q", "an option of Sentinels"),
        ("unix:///s?socket_keepalive=1", "for TCP alone"),
        ("redis://h?socket_timeout=soon", "socket_timeout is no number"),
        ("redis://h?socket_timeout=", "socket_timeout is no number"),
        ("rediss://h?max_connections=1e9", "max_connections is no number"),
    ],
)
def test_what_is_wrong_with_an_address(url: str, reason: str) -> None:
    fault = fault_of({"REDIS_URL": url, "CELERY_BROKER_URL": "amqp://h"})
    assert fault.variable == "REDIS_URL"
    assert reason in fault.expected


@pytest.mark.parametrize("url", ["redis+cluster://one", "rediss+cluster://one", "rediss+sentinel://one/main"])
def test_a_ledger_that_cannot_be_the_broker_asks_for_one(url: str) -> None:
    fault = fault_of({"REDIS_URL": url})
    assert fault.variable == "CELERY_BROKER_URL"
    assert "name another broker here" in fault.expected


def test_sentinels_of_the_ledger_are_those_of_the_broker() -> None:
    url = "redis+sentinel://u:p%40@one:1,two:2/main/3?sentinel_password=q"
    broker_url, options = kombu_broker(load({"REDIS_URL": url}).broker_url)
    assert broker_url == "sentinel://u:p%40@one:1/3;sentinel://u:p%40@two:2/3"
    assert options["master_name"] == "main"
    assert options["sentinel_kwargs"]["password"] == "q"


def test_celerys_spelling_of_sentinels_is_refused_for_it_names_no_service() -> None:
    assert "host,host/service/db" in fault_of({"CELERY_BROKER_URL": "sentinel://one;sentinel://two"}).expected


def test_each_of_several_brokers_is_a_whole_address() -> None:
    assert fault_of({"CELERY_BROKER_URL": "amqp://one;two"}).variable == "CELERY_BROKER_URL"


@pytest.mark.parametrize("name", ["REDIS_URL", "CELERY_BROKER_URL"])
def test_a_database_that_is_no_number_is_a_fault(name: str) -> None:
    assert "database" in fault_of({name: "redis://h/first"}).expected


@pytest.mark.parametrize(
    "url",
    [
        "redis://h/0?decode_responses=true",
        "redis://h/0?socket_timeuot=1",
        "redis://h/0?protocol=2",
        "unix:///s?db=0&parser_class=x",
        "redis+sentinel://one/main?decode_responses=",
        "redis+cluster://one,two?encoding=latin-1",
    ],
)
def test_options_that_would_change_what_redis_answers_or_that_nobody_knows_are_faults(url: str) -> None:
    fault = fault_of({"REDIS_URL": url, "CELERY_BROKER_URL": "amqp://h"})
    assert (fault.variable, "an option is none of ssl_…, " in fault.expected) == ("REDIS_URL", True)


@pytest.mark.parametrize(
    "url",
    [
        "redis://h?socket_timeout=1.5&socket_read_size=65536&retry_on_timeout=true&client_name=c",
        "rediss+sentinel://one/main?sentinel_ssl_ca_certs=/ca.pem&ssl_ca_certs=/ca.pem&sentinel_username=u",
    ],
)
def test_options_of_how_a_server_is_reached(url: str) -> None:
    assert load({"REDIS_URL": url, "CELERY_BROKER_URL": "amqp://h"}).redis_url == url


@pytest.mark.parametrize("url", ["redis://h/0\n", "redis://h /0", "REDIS://h/0", "redis:h", "unix://run/redis.sock"])
def test_addresses_that_redis_would_misread(url: str) -> None:
    assert fault_of({"REDIS_URL": url}).variable == "REDIS_URL"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.example.com/", "https://api.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://host.example/chat/", "https://host.example/chat"),
    ],
)
def test_an_endpoint_loses_its_trailing_slash(given: str, kept: str) -> None:
    assert load({"QUICKBLOX_ENDPOINT": given}).application("default").endpoint == kept


def test_an_endpoint_with_credentials_is_a_fault() -> None:
    fault = fault_of({"QUICKBLOX_ENDPOINT": "https://u:p@api.example.com"})
    assert (fault.value, "credentials" in fault.expected) == ("'https://u:********@api.example.com'", True)
