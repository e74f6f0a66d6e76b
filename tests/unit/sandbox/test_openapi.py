"""The description of the sandbox and its routes are the same, in both directions; nothing in it leads nowhere."""

import json
import re
from typing import Any

import pytest
from starlette.routing import Route

from sandbox.app import control_routes
from sandbox.auth import Account
from sandbox.openapi import document
from sandbox.service import ChatApi

PAGE = ("GET", "/_sandbox/")  # leads a browser to the page, whose files are no calls


@pytest.fixture
def described() -> dict[str, Any]:
    return document()


def calls(described: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(method.upper(), path): call for path, each in described["paths"].items() for method, call in each.items()}


def test_what_is_described_is_what_is_served(described: dict[str, Any]) -> None:
    api = ChatApi(Account())
    control = [route for route in control_routes(api) if isinstance(route, Route)]
    served = {(method, f"/_sandbox{route.path}") for route in control for method in (route.methods or set()) - {"HEAD"}}
    assert set(calls(described)) == (served | set(api.known())) - {PAGE}


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    for found in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(described))):
        part: Any = described
        for name in found.split("/"):
            part = part[name]


def test_every_link_leads_to_a_call_that_takes_what_it_gives(described: dict[str, Any]) -> None:
    names = {call["operationId"]: call for call in calls(described).values()}
    assert len(names) == len(calls(described))
    answers = [told for call in names.values() for told in call["responses"].values()]
    links = [link for told in answers for link in told.get("links", {}).values()]
    assert links
    for link in links:
        to = names[link["operationId"]]
        assert set(link["parameters"]) <= {parameter["name"] for parameter in to.get("parameters", ())}
        assert "requestBody" in to or "requestBody" not in link


def test_the_parameters_of_a_path_are_those_that_it_names(described: dict[str, Any]) -> None:
    for (_, path), call in calls(described).items():
        in_path = {parameter["name"] for parameter in call.get("parameters", ()) if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path)), path


def test_only_the_calls_on_a_session_refuse_an_api_key(described: dict[str, Any]) -> None:
    for (_, path), call in calls(described).items():
        assert any("api_key" in one for one in call["security"]) == path.startswith("/chat/"), path
