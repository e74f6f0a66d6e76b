"""The chat API behind TLS: whose certificate is taken, and what is said of one that is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.certificates import Authority
from tests.contract.scripted_server import ScriptedServer
from tests.tls_front import TlsFront
from worker.chat_api import ChatApi, Endpoint
from worker.plan import Put
from worker.verdicts import Sent, Unavailable

PUT = Put("53a99a7be4b094c7c6d31b41", (), "r", "u123", None)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def sent(server: ScriptedServer, certificate: tuple[Path, Path], ca_file: Path | None) -> object:
    """The verdict on a PUT to the server behind this certificate."""
    with TlsFront(urlsplit(server.url).port or 0, certificate) as front:
        url = f"https://127.0.0.1:{front.port}"
        api = ChatApi(Endpoint(url, "an-api-key", 10.0, 10.0, None if ca_file is None else str(ca_file)))
        return api.send(PUT)


def test_an_own_authority_is_trusted_where_it_is_named(server: ScriptedServer, authority: Authority) -> None:
    assert isinstance(sent(server, authority.sign(), authority.path), Sent)


def test_and_only_there(server: ScriptedServer, authority: Authority) -> None:
    verdict = sent(server, authority.sign(), None)
    assert isinstance(verdict, Unavailable)
    assert "its certificate is not trusted" in verdict.reason
    assert server.requests == []


def test_another_authority_is_not_trusted(server: ScriptedServer, authority: Authority, tmp_path: Path) -> None:
    verdict = sent(server, Authority(tmp_path, "another").sign(), authority.path)
    assert isinstance(verdict, Unavailable)
    assert "its certificate is not trusted" in verdict.reason
    assert not verdict.in_doubt  # nothing has left: the next edit need not wait
    assert server.requests == []


def test_a_certificate_of_another_host_is_not_taken(server: ScriptedServer, authority: Authority) -> None:
    verdict = sent(server, authority.sign("api.example.com"), authority.path)
    assert isinstance(verdict, Unavailable)
    assert "not valid for '127.0.0.1'" in verdict.reason
    assert server.requests == []


def test_the_environment_cannot_name_another_authority(
    server: ScriptedServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(authority.path))
    assert isinstance(sent(server, authority.sign(), None), Unavailable)
