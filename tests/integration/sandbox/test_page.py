"""The page's calls over HTTP: its files, the stream, and the players' letterbox."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.client import SandboxClient, SandboxError
from tests.integration.sandbox.chat import DIALOG, FIRST, SENDER, Chat, by_key

STORM = {"name": "storm", "label": "A storm", "does": "everything at once"}
WITHIN_S = 20


def events(base_url: str) -> Iterator[dict[str, Any]]:
    """What the page is told, one look after the other."""
    with requests.get(f"{base_url}/_sandbox/watch", stream=True, timeout=WITHIN_S) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))


def test_a_browser_is_led_to_the_page_and_finds_all_of_it(base_url: str) -> None:
    page = requests.get(f"{base_url}/_sandbox/", timeout=WITHIN_S)
    assert page.url == f"{base_url}/_sandbox/page/"
    assert "Receipts, live" in page.text
    for name, kind in (("page.css", "text/css"), ("page.js", "javascript"), ("tick.svg", "image/svg+xml")):
        assert f'"{name}"' in page.text
        found = requests.get(f"{page.url}{name}", timeout=WITHIN_S)
        assert (found.status_code, kind in found.headers["content-type"]) == (200, True)


def test_looking_at_the_page_is_no_call_of_the_api(base_url: str, sandbox: SandboxClient) -> None:
    requests.get(f"{base_url}/_sandbox/", timeout=WITHIN_S)
    next(events(base_url))
    assert sandbox.journal() == []


def test_a_mark_and_an_edit_arrive_while_somebody_watches(chat: Chat, base_url: str) -> None:
    told = events(base_url)
    assert DIALOG in next(told)["order"]
    chat.put(read=1)
    changed = next(told)
    [call] = changed["calls"]
    assert (call["what"], call["status"]) == ("read, whole dialog", 200)
    assert {message["read"] for message in changed["dialogs"][DIALOG]["messages"]} == {1}
    chat.call("PUT", f"/chat/Message/{FIRST}.json", {"chat_dialog_id": DIALOG, "message": "edited"}, who=by_key(SENDER))
    message = next(told)["dialogs"][DIALOG]["messages"][0]
    assert (message["text"], message["edited"] is not None) == ("edited", True)


def test_the_faults_in_force_are_told(base_url: str, sandbox: SandboxClient) -> None:
    told = events(base_url)
    assert next(told)["faults"]["outage"] is False
    sandbox.faults(outage=True)
    assert next(told)["faults"]["outage"] is True


def test_a_button_reaches_its_player_and_the_players_figures_the_page(base_url: str, sandbox: SandboxClient) -> None:
    sandbox.offer([STORM], [], {"recorded": 7, "covered": 5, "dead": 0, "pending": 2, "in_flight": 0})
    first = next(events(base_url))
    assert (first["plays"], first["receipts"]["recorded"]) == ([STORM], 7)
    pressed = requests.post(f"{base_url}/_sandbox/plays", json={"play": "storm"}, timeout=WITHIN_S)
    assert pressed.status_code == 202
    assert sandbox.pressed() == ["storm"]
    assert sandbox.pressed() == []


def test_a_button_that_nobody_plays_is_refused_by_name(base_url: str, sandbox: SandboxClient) -> None:
    sandbox.offer([], [], None)
    pressed = requests.post(f"{base_url}/_sandbox/plays", json={"play": "storm"}, timeout=WITHIN_S)
    assert (pressed.status_code, pressed.json()) == (422, {"errors": {"play": ["nobody plays 'storm' now"]}})


@pytest.mark.parametrize("receipts", [{"recorded": -1}, {"recorded": 1.5}, {"read": 1}])
def test_figures_that_make_no_sense_are_refused(sandbox: SandboxClient, receipts: dict[str, Any]) -> None:
    with pytest.raises(SandboxError, match=r"receipts\."):
        sandbox.offer([STORM], [], receipts)
