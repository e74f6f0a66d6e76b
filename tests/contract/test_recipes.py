"""The worker's PUTs against QuickBlox' page "Update Message": method, path, headers and body of every recipe.

The recipes are written out by hand with the page's own example ids, token and key, so that a change of the code cannot
change what it is compared with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from requests.utils import default_headers

from tests.conftest import Sandbox
from tests.contract.scripted_server import OK_EMPTY, ScriptedServer, answers
from tests.running import API_KEY
from worker.chat_api import ChatApi, Endpoint
from worker.ledger import EditClaim, MarkClaim
from worker.plan import Limits, plan
from worker.verdicts import Sent

DIALOG = "53a99a7be4b094c7c6d31b41"
MESSAGE = "53aabe15e4b077ddd43e7fd3"
OTHER = "53aabe15e4b077ddd43e7fd4"
TOKEN = "eddf864695d72d33b959eec2ae6c640d817dfada"
KEY = "28irlNAGasWDSupO9Vw0BBMZfuHrAUYKpmroS9yBORI"
USER = 123

ONE = "/chat/Message/53aabe15e4b077ddd43e7fd3.json"
ALL = "/chat/Message.json"
SEVERAL = "/chat/Message/53aabe15e4b077ddd43e7fd3,53aabe15e4b077ddd43e7fd4.json"
BY_TOKEN = {"QB-Token": "eddf864695d72d33b959eec2ae6c640d817dfada"}
BY_KEY = {"Authorization": "ApiKey 28irlNAGasWDSupO9Vw0BBMZfuHrAUYKpmroS9yBORI", "On-Behalf-Of": "123"}
READ = {"read": "1", "chat_dialog_id": "53a99a7be4b094c7c6d31b41"}
DELIVERED = {"delivered": "1", "chat_dialog_id": "53a99a7be4b094c7c6d31b41"}
BOTH = {"read": "1", "delivered": "1", "chat_dialog_id": "53a99a7be4b094c7c6d31b41"}
EDITED = {"message": "updated message", "chat_dialog_id": "53a99a7be4b094c7c6d31b41"}

DEFAULTS = Limits(list_max_ids=50, both_flags=True)
NO_LISTS = Limits(list_max_ids=1, both_flags=True)
NO_BOTH = Limits(list_max_ids=50, both_flags=False)
PLAIN = Limits(list_max_ids=1, both_flags=False)


@dataclass(frozen=True)
class Recipe:
    """What is claimed, and the calls (path and body) that have to come of it."""

    name: str
    claimed: dict[str, Any]
    calls: tuple[tuple[str, dict[str, str]], ...]
    limits: Limits = DEFAULTS


EDIT = {"message_id": MESSAGE, "revision": 1, "text": "updated message"}
RECIPES = [
    # The page's own
    Recipe("read, one message", {"ids": {MESSAGE: "r"}}, ((ONE, READ),)),
    Recipe("delivered, one message", {"ids": {MESSAGE: "d"}}, ((ONE, DELIVERED),)),
    Recipe("read, all messages", {"read_all": 1}, ((ALL, READ),)),
    Recipe("delivered, all messages", {"delivered_all": 1}, ((ALL, DELIVERED),)),
    Recipe("edit", EDIT, ((ONE, EDITED),)),
    # What the SDKs send
    Recipe("comma list", {"ids": {MESSAGE: "r", OTHER: "r"}}, ((SEVERAL, READ),)),
    Recipe("both, all messages", {"read_all": 1, "delivered_all": 1}, ((ALL, BOTH),)),
    Recipe("both, one message", {"ids": {MESSAGE: "rd"}}, ((ONE, BOTH),)),
    Recipe("both, comma list", {"ids": {MESSAGE: "rd", OTHER: "rd"}}, ((SEVERAL, BOTH),)),
    # The switches off
    Recipe(
        "no comma lists",
        {"ids": {MESSAGE: "r", OTHER: "r"}},
        ((ONE, READ), ("/chat/Message/53aabe15e4b077ddd43e7fd4.json", READ)),
        NO_LISTS,
    ),
    Recipe("no both, all messages", {"read_all": 1, "delivered_all": 1}, ((ALL, READ), (ALL, DELIVERED)), NO_BOTH),
    Recipe("no both, one message", {"ids": {MESSAGE: "rd"}}, ((ONE, READ), (ONE, DELIVERED)), NO_BOTH),
    Recipe(
        "no both, comma list",
        {"ids": {MESSAGE: "rd", OTHER: "rd"}},
        ((SEVERAL, READ), (SEVERAL, DELIVERED)),
        NO_BOTH,
    ),
    Recipe("neither, all messages", {"read_all": 1, "delivered_all": 1}, ((ALL, READ), (ALL, DELIVERED)), PLAIN),
    Recipe("neither, edit", EDIT, ((ONE, EDITED),), PLAIN),
]
every_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
both_credentials = pytest.mark.parametrize("token", [TOKEN, None], ids=["QB-Token", "ApiKey"])


def claim_of(recipe: Recipe, token: str | None) -> MarkClaim | EditClaim:
    actor = f"u{USER}" if token is None else f"s{USER}"
    slot = f"m:{DIALOG}:{actor}"
    if "text" in recipe.claimed:
        return EditClaim(slot, 1, 0, 0, DIALOG, actor, token, 0.0, **recipe.claimed)
    nothing: dict[str, Any] = {"read_all": 0, "delivered_all": 0, "ids": {}, "list_limit": None}
    return MarkClaim(slot, 1, 0, 0, DIALOG, actor, token, 0.0, **(nothing | recipe.claimed))


def send_all(url: str, recipe: Recipe, token: str | None, key: str) -> list[object]:
    api = ChatApi(Endpoint(url, key, connect_timeout_s=5.0, read_timeout_s=5.0))
    return [api.send(put) for put in plan(claim_of(recipe, token), recipe.limits)]


# On the wire ----------------------------------------------------------------------------------------------------

# What every HTTP client says; the recipes are silent about it because curl says it by itself.
TRANSPORT = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@every_recipe
@both_credentials
def test_what_leaves_the_worker_is_the_recipe(server: ScriptedServer, recipe: Recipe, token: str | None) -> None:
    verdicts = send_all(server.url, recipe, token, KEY)
    assert verdicts == [Sent()] * len(recipe.calls)
    assert [request.method for request in server.requests] == ["PUT"] * len(recipe.calls)
    assert [(request.path, json.loads(request.body)) for request in server.requests] == list(recipe.calls)
    credentials = BY_KEY if token is None else BY_TOKEN
    for request in server.requests:
        said = {name: value for name, value in request.headers if name.lower() not in TRANSPORT}
        assert said == {"Content-Type": "application/json"} | credentials
        assert len(said) == sum(1 for name, _ in request.headers if name.lower() not in TRANSPORT)


def test_a_text_travels_as_utf_8_and_comes_back_the_same(server: ScriptedServer) -> None:
    text = 'Grüße "an" \\ alle\n\t👋 \u2028'
    recipe = Recipe("edit", EDIT | {"text": text}, ())
    send_all(server.url, recipe, None, KEY)
    [request] = server.requests
    assert json.loads(request.body.decode("utf-8")) == {"message": text, "chat_dialog_id": DIALOG}
    assert "👋".encode() in request.body
    assert request.header("Content-Length") == str(len(request.body))


def test_an_endpoint_below_a_path_keeps_it(server: ScriptedServer) -> None:
    send_all(f"{server.url}/tenant", RECIPES[0], None, KEY)
    assert [request.path for request in server.requests] == [f"/tenant{ONE}"]


def test_an_endpoint_is_escaped_as_requests_does_it(server: ScriptedServer) -> None:
    send_all(f"{server.url}/Kölner Büro", RECIPES[0], None, KEY)
    assert [request.path for request in server.requests] == [f"/K%C3%B6lner%20B%C3%BCro{ONE}"]


def test_a_proxy_is_asked_for_the_whole_address_with_its_own_credentials(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//someone:else@"))
    send_all("http://chat.example/tenant", RECIPES[0], None, KEY)
    send_all("http://chat.example:8080", RECIPES[0], None, KEY)
    paths = [request.path for request in server.requests]
    assert paths == [f"http://chat.example/tenant{ONE}", f"http://chat.example:8080{ONE}"]
    assert {request.header("Host") for request in server.requests} == {"chat.example", "chat.example:8080"}
    assert {request.header("Proxy-Authorization") for request in server.requests} == {"Basic c29tZW9uZTplbHNl"}


def test_what_every_call_says_of_its_sender_is_what_requests_says(server: ScriptedServer) -> None:
    send_all(server.url, RECIPES[0], None, KEY)
    [request] = server.requests
    told = {name: request.header(name) for name in ("User-Agent", "Accept", "Accept-Encoding", "Connection")}
    assert told == {**default_headers(), "User-Agent": "receipt-sync"}


def test_a_developers_netrc_and_the_apis_cookies_are_never_sent(
    server: ScriptedServer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    api = ChatApi(Endpoint(server.url, KEY, 5.0, 5.0))
    server.script = answers(OK_EMPTY.replace(b"Content", b"Set-Cookie: s=user-1; Path=/\r\nContent"))
    for token in (TOKEN, TOKEN):
        [put] = plan(claim_of(RECIPES[0], token), DEFAULTS)
        api.send(put)
    # A cookie that the API set for one user's call would travel with the next user's.
    assert [request.header("Cookie") for request in server.requests] == [None, None]
    assert [request.header("Authorization") for request in server.requests] == [None, None]


# What the sandbox makes of it -----------------------------------------------------------------------------------


@pytest.fixture
def world(sandbox: Sandbox) -> Sandbox:
    sender = 7
    sandbox.client.build_world(
        users=[USER, sender],
        dialogs=[{"_id": DIALOG, "type": 2, "occupants_ids": [sender, USER]}],
        messages=[
            {"_id": id_, "chat_dialog_id": DIALOG, "sender_id": sender, "message": "hello"} for id_ in (MESSAGE, OTHER)
        ],
    )
    sandbox.client.faults(editors="anyone")
    sandbox.client.session(USER, token=TOKEN)
    return sandbox


def expected_state(recipe: Recipe, message_id: str) -> tuple[bool, bool, str]:
    """Read by the user, delivered to the user, and the text that a message has in the end."""
    read = delivered = False
    text = "hello"
    for path, body in recipe.calls:
        if path == ALL or message_id in path:
            read, delivered = read or "read" in body, delivered or "delivered" in body
            text = body.get("message", text)
    return read, delivered, text


@every_recipe
@both_credentials
def test_the_sandbox_takes_the_recipe_and_does_what_it_says(world: Sandbox, recipe: Recipe, token: str | None) -> None:
    assert send_all(world.url, recipe, token, API_KEY) == [Sent()] * len(recipe.calls)
    calls = world.client.journal()
    assert [(call.method, call.path, json.loads(call.body)) for call in calls] == [
        ("PUT", path, body) for path, body in recipe.calls
    ]
    assert {(call.status, call.applied, call.user_id) for call in calls} == {(200, True, USER)}
    for call in calls:
        assert call.headers["content-type"] == "application/json"
        assert ("qb-token" in call.headers, "authorization" in call.headers, "on-behalf-of" in call.headers) == (
            (False, True, True) if token is None else (True, False, False)
        )
    for message_id in (MESSAGE, OTHER):
        message = world.client.message(message_id)
        state = USER in message["read_ids"], USER in message["delivered_ids"], message["message"]
        assert state == expected_state(recipe, message_id)
