from collections.abc import Iterator

import pytest

from sandbox.client import SandboxClient
from tests.integration.sandbox.chat import READER, WORLD, Chat, by_key, by_token, server


@pytest.fixture(scope="package")
def base_url() -> Iterator[str]:
    with server() as (_process, url):
        yield url


@pytest.fixture
def sandbox(base_url: str) -> Iterator[SandboxClient]:
    with SandboxClient(base_url) as client:
        client.clear_faults()
        client.clear_world()
        client.build_world(**WORLD)
        client.clear_journal()
        yield client


@pytest.fixture
def chat(base_url: str, sandbox: SandboxClient) -> Iterator[Chat]:  # noqa: ARG001 - the sandbox in its first state
    caller = Chat(base_url)
    yield caller
    caller.close()


@pytest.fixture(params=["QB-Token", "ApiKey"])
def reader(request: pytest.FixtureRequest, sandbox: SandboxClient) -> dict[str, str]:
    """The reader's credentials, once of each kind."""
    return by_token(sandbox.session(READER)) if request.param == "QB-Token" else by_key(READER)
