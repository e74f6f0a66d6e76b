from pathlib import Path

import pytest

from settings import load
from tests.certificates import Authority
from tests.unit.settings.faults import fault_of

KEYS = ["A" * 43 + "=", "B" * 42 + "A="]


@pytest.fixture
def authority(tmp_path: Path) -> str:
    return str(Authority(tmp_path).path)


def test_the_ledgers_authority_stands_in_both_addresses(authority: str) -> None:
    settings = load({"REDIS_URL": "rediss://h/1", "REDIS_CA_FILE": authority})
    assert settings.redis_url == f"rediss://h/1?ssl_ca_certs={authority}"
    assert f"ssl_ca_certs={authority.replace('/', '%2F')}" in settings.broker_url
    assert "ssl_cert_reqs=required" in settings.broker_url


@pytest.mark.parametrize("url", ["rediss+sentinel://h/s/0", "rediss+cluster://h"])
def test_so_it_does_behind_sentinels_and_in_a_cluster(authority: str, url: str) -> None:
    settings = load({"REDIS_URL": url, "REDIS_CA_FILE": authority, "CELERY_BROKER_URL": "amqp://b"})
    assert settings.redis_url == f"{url}?ssl_ca_certs={authority}"


def test_one_that_the_address_names_stays(authority: str) -> None:
    assert load({"REDIS_URL": "rediss://h?ssl_ca_certs=/x", "REDIS_CA_FILE": authority}).redis_url.endswith("=/x")


@pytest.mark.parametrize("url", ["redis://h", "redis+sentinel://h/s", "unix:///redis"])
def test_an_authority_without_tls_would_check_nothing(authority: str, url: str) -> None:
    fault = fault_of({"REDIS_URL": url, "REDIS_CA_FILE": authority, "CELERY_BROKER_URL": "amqp://b"})
    assert fault.variable == "REDIS_URL"
    assert "rediss://" in fault.expected


@pytest.mark.parametrize("url", ["redis://h", "amqp://h", "amqps://h;amqp://h", "rediss://h;redis://h"])
def test_nor_would_the_brokers(authority: str, url: str) -> None:
    assert fault_of({"CELERY_BROKER_URL": url, "CELERY_BROKER_CA_FILE": authority}).variable == "CELERY_BROKER_URL"


def test_each_of_several_brokers_has_it(authority: str) -> None:
    settings = load({"CELERY_BROKER_URL": "rediss://a;rediss://b", "CELERY_BROKER_CA_FILE": authority})
    assert [f"ssl_ca_certs={authority}" in url for url in settings.broker_url.split(";")] == [True, True]
    load({"CELERY_BROKER_URL": "amqps://a;amqps://b", "CELERY_BROKER_CA_FILE": authority})


def test_the_apis_authority_needs_an_endpoint_with_tls(authority: str) -> None:
    assert load({"QUICKBLOX_CA_FILE": authority}).application("default").ca_file == Path(authority)
    fault = fault_of({"QUICKBLOX_ENDPOINT": "http://h", "QUICKBLOX_CA_FILE": authority})
    assert (fault.variable, "https://" in fault.expected) == ("QUICKBLOX_CA_FILE", True)


def test_a_servers_certificate_is_no_authority(tmp_path: Path) -> None:
    certificate, _ = Authority(tmp_path).sign()
    assert "authority" in fault_of({"REDIS_CA_FILE": str(certificate), "REDIS_URL": "rediss://h"}).expected


@pytest.mark.parametrize("between", [",", "\n", ", ", "\n\n"])
def test_token_keys_may_stand_in_one_line_or_in_lines(tmp_path: Path, between: str) -> None:
    (tmp_path / "keys").write_text(between.join(KEYS) + "\n")
    keys = load({"RECEIPTS_TOKEN_KEYS_FILE": str(tmp_path / "keys")}).token_keys
    assert keys is not None
    assert keys.get_secret_value() == ",".join(KEYS)
