from __future__ import annotations

import traceback
from pathlib import Path

import pytest
import redis

from receipt_sync import InvalidReceipt, ReceiptQueue
from receipt_sync.environment import LARGEST_FILE_BYTES
from tests.certificates import Authority

URL = "redis://127.0.0.1:6379/3"
SECRET = "hunter2-S3cr3t"


def connection_of(queue: ReceiptQueue) -> dict[str, object]:
    return dict(queue._redis.connection_pool.connection_kwargs)


def refused(environ: dict[str, str]) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        ReceiptQueue.from_env(environ)
    everything = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert SECRET not in everything
    return str(caught.value)


def test_the_url_alone_is_enough() -> None:
    queue = ReceiptQueue.from_env({"REDIS_URL": URL})
    connection = connection_of(queue)
    assert (connection["host"], connection["port"], connection["db"]) == ("127.0.0.1", 6379, 3)
    assert (connection["socket_timeout"], connection["socket_connect_timeout"]) == (0.5, 0.5)
    assert queue._prefix == "rs:{default}"
    assert queue._core.max_text_bytes == 65_536


def test_every_variable_is_used() -> None:
    queue = ReceiptQueue.from_env(
        {
            "REDIS_URL": "unix:///run/ledger.sock?db=4",
            "RECEIPTS_APPLICATION": "shop",
            "RECEIPTS_REDIS_TIMEOUT_S": "2.5",
            "RECEIPTS_MAX_TEXT_BYTES": "1000",
        }
    )
    connection = connection_of(queue)
    assert (connection["path"], connection["db"]) == ("/run/ledger.sock", 4)
    assert (connection["socket_timeout"], connection["socket_connect_timeout"]) == (2.5, 2.5)
    assert queue._prefix == "rs:{shop}"
    assert queue._core.max_text_bytes == 1000


def test_empty_variables_are_as_if_not_set() -> None:
    names = ("REDIS_URL_FILE", "RECEIPTS_APPLICATION", "RECEIPTS_REDIS_TIMEOUT_S", "RECEIPTS_MAX_TEXT_BYTES")
    queue = ReceiptQueue.from_env({"REDIS_URL": URL} | dict.fromkeys(names, ""))
    assert (queue._prefix, queue._core.max_text_bytes) == ("rs:{default}", 65_536)


def test_the_processs_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", URL)
    monkeypatch.setenv("RECEIPTS_APPLICATION", "shop")
    assert ReceiptQueue.from_env()._prefix == "rs:{shop}"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_url_may_stand_in_a_file(tmp_path: Path, end: str) -> None:
    file = tmp_path / "url"
    file.write_bytes((URL + end).encode())
    assert connection_of(ReceiptQueue.from_env({"REDIS_URL_FILE": str(file)}))["db"] == 3


@pytest.mark.parametrize("environ", [{}, {"REDIS_URL": ""}])
def test_without_a_url_the_variable_is_named(environ: dict[str, str]) -> None:
    assert refused(environ).startswith("REDIS_URL: expected ")


def test_a_url_and_a_file_are_one_too_many(tmp_path: Path) -> None:
    said = refused({"REDIS_URL": f"redis://:{SECRET}@ledger", "REDIS_URL_FILE": str(tmp_path)})
    assert said == "REDIS_URL and REDIS_URL_FILE are both set: expected one of them"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert refused({"REDIS_URL_FILE": str(tmp_path / "none")}).startswith("REDIS_URL_FILE: expected a readable file, ")
    assert refused({"REDIS_URL_FILE": str(tmp_path)}).startswith("REDIS_URL_FILE: expected a readable file, ")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff" + SECRET.encode(), f"http://:{SECRET}@ledger".encode()])
def test_a_file_without_a_url_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "url"
    file.write_bytes(content)
    assert refused({"REDIS_URL_FILE": str(file)}).startswith("REDIS_URL_FILE: expected ")


@pytest.mark.parametrize(
    "url",
    [
        f"http://:{SECRET}@ledger",
        f"ledger:6379/{SECRET}",
        f"redis://:{SECRET}/more@ledger:6379/0",
        f"redis://user:{SECRET}@ledger:port/0",
        f"redis://user:{SECRET}@[ledger/0",
        f"redis://:{SECRET}@ledger?db=none",
    ],
)
def test_what_is_no_url_of_a_ledger_is_named_and_never_shown(url: str) -> None:
    assert refused({"REDIS_URL": url}).startswith("REDIS_URL: expected ")


@pytest.mark.parametrize("value", ["0", "-1", "none", "nan", "inf", "-inf", "1,5", "1 s"])
@pytest.mark.parametrize("name", ["RECEIPTS_REDIS_TIMEOUT_S", "RECEIPTS_MAX_TEXT_BYTES"])
def test_what_is_no_number_is_named_with_what_was_expected(name: str, value: str) -> None:
    said = refused({"REDIS_URL": URL, name: value})
    assert said.startswith(f"{name}: expected ")
    assert said.endswith(f"got {value!r}")


@pytest.mark.parametrize("value", ["0.5", "1000.5"])
def test_bytes_come_whole(value: str) -> None:
    assert refused({"REDIS_URL": URL, "RECEIPTS_MAX_TEXT_BYTES": value}).startswith(
        "RECEIPTS_MAX_TEXT_BYTES: expected "
    )


@pytest.mark.parametrize("value", ["Shop", "a b", "x" * 33, "{default}"])
def test_what_is_no_application_is_named(value: str) -> None:
    assert refused({"REDIS_URL": URL, "RECEIPTS_APPLICATION": value}).startswith("RECEIPTS_APPLICATION: expected ")


# The constructor ------------------------------------------------------------------------------------------------


def test_a_url_or_a_client_and_not_both() -> None:
    with pytest.raises(ValueError, match="a redis_url or a client, and not both"):
        ReceiptQueue()
    with pytest.raises(ValueError, match="a redis_url or a client, and not both"):
        ReceiptQueue(URL, client=redis.Redis())


def test_an_application_that_cannot_be_is_named() -> None:
    with pytest.raises(InvalidReceipt, match="application: expected 1 to 32"):
        ReceiptQueue(URL, application="{default}")


def test_a_wrong_url_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match="redis_url: expected ") as caught:
        ReceiptQueue(f"redis://:{SECRET}/more@ledger:6379/0")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_file_too_large_for_a_value_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "book"
    file.write_text("x" * (LARGEST_FILE_BYTES + 1))
    assert "at most 65536 bytes" in refused({"REDIS_URL_FILE": str(file)})


def test_the_authority_of_the_ledger_is_part_of_its_address(tmp_path: Path) -> None:
    path = str(Authority(tmp_path).path)
    options = connection_of(ReceiptQueue.from_env({"REDIS_URL": "rediss://ledger/3", "REDIS_CA_FILE": path}))
    assert (options["ssl_ca_certs"], options.get("ssl_cert_reqs", "required")) == (path, "required")


@pytest.mark.parametrize("url", ["redis://ledger", "unix:///ledger", "redis+sentinel://ledger/s"])
def test_an_authority_without_tls_is_refused(tmp_path: Path, url: str) -> None:
    assert "TLS" in refused({"REDIS_URL": url, "REDIS_CA_FILE": str(Authority(tmp_path).path)})


def test_a_file_without_an_authority_is_named(tmp_path: Path) -> None:
    assert refused({"REDIS_URL": "rediss://h", "REDIS_CA_FILE": str(tmp_path / "none")}).startswith("REDIS_CA_FILE: ")
    assert refused({"REDIS_URL": "rediss://h", "REDIS_CA_FILE": __file__}).startswith("REDIS_CA_FILE: ")


def test_token_keys_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{'A' * 43}=\n")
    queue = ReceiptQueue.from_env({"REDIS_URL": URL, "RECEIPTS_TOKEN_KEYS_FILE": str(tmp_path / "keys")})
    assert queue._core.seal.seal("a-token", "an owner").startswith("sealed1.")


def test_what_is_no_token_key_is_named_and_not_shown() -> None:
    said = refused({"REDIS_URL": URL, "RECEIPTS_TOKEN_KEYS": SECRET})
    assert said.startswith("RECEIPTS_TOKEN_KEYS: expected ")
    assert SECRET not in said
