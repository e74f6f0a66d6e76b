"""What the tests behind TLS stand on: the client does check certificates."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from sandbox.client import SandboxClient
from tests.certificates import Authority
from tests.contract.sdk.client import Sdk
from tests.tls_front import TlsFront


def test_a_certificate_of_another_authority_is_not_taken(chat_api: str, control: SandboxClient, tmp_path: Path) -> None:
    ours, another = Authority(tmp_path), Authority(tmp_path, "another")
    control.clear_journal()
    with (
        TlsFront(int(urlsplit(chat_api).port or 0), another.sign()) as front,
        Sdk(f"127.0.0.1:{front.port}", ours.path) as sdk,
    ):
        # What it makes of no answer.
        assert sdk.user("ann")("chat.dialog.list", {}) == " "
    assert control.journal() == []
