"""QuickBlox' own client against the sandbox: `make test-contract`, which installs the client.

Where Node or the client is missing the tests skip, and fail with `RECEIPTS_TEST_CONTRACT=required`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from sandbox.client import SandboxClient
from stack.ports import free_port
from stack.services import start_sandbox
from tests.certificates import Authority
from tests.contract.sdk.client import MissingError, Sdk, SdkUser, check
from tests.running import API_KEY
from tests.tls_front import TlsFront


@pytest.fixture(scope="session", autouse=True)
def _the_client_is_here() -> None:
    try:
        check()
    except MissingError as missing:
        if os.environ["RECEIPTS_TEST_CONTRACT"] == "required":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def chat_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sandbox of its own, which nobody empties: its users stay logged in."""
    port = free_port()
    with start_sandbox(sys.executable, port, tmp_path_factory.mktemp("sandbox"), api_key=API_KEY):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def control(chat_api: str) -> Iterator[SandboxClient]:
    """The sandbox behind the client."""
    with SandboxClient(chat_api) as client:
        yield client


@pytest.fixture(autouse=True)
def _well_behaved(control: SandboxClient) -> None:
    control.clear_faults()


@pytest.fixture(scope="session", params=["plain", "TLS"])
def sdk(request: pytest.FixtureRequest, chat_api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sdk]:
    """The client, once without TLS and once behind a certificate of our own authority."""
    place = urlsplit(chat_api)
    if request.param == "plain":
        with Sdk(place.netloc) as started:
            yield started
        return
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with (
        TlsFront(int(place.port or 0), authority.sign()) as front,
        Sdk(f"127.0.0.1:{front.port}", authority.path) as started,
    ):
        yield started


@pytest.fixture(scope="session")
def ann(sdk: Sdk) -> SdkUser:
    return sdk.user("ann").log_in()


@pytest.fixture(scope="session")
def bob(sdk: Sdk) -> SdkUser:
    return sdk.user("bob").log_in()


@pytest.fixture(scope="session")
def cat(sdk: Sdk) -> SdkUser:
    return sdk.user("cat").log_in()


@pytest.fixture
def dialog(ann: SdkUser, bob: SdkUser, cat: SdkUser) -> str:
    """A group dialog of the three, made by ann."""
    made = ann("chat.dialog.create", {"type": 2, "name": "talk", "occupants_ids": [bob.id, cat.id]})
    return str(made["_id"])


@pytest.fixture
def messages(ann: SdkUser, dialog: str) -> list[str]:
    """Three messages in it, all ann's."""
    return [str(ann.say(dialog, text)["_id"]) for text in ("one", "two", "three")]
