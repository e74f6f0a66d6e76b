"""The sandbox's page as a person uses it: with a mouse, with the keyboard alone, on a phone, in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Sandbox
from tests.running import API_KEY, until

DIALOG, MESSAGE = "5a" * 12, "5b" * 12
SENDER, READER, OTHER = 1, 2, 3
STORM = {"name": "storm", "label": "A storm", "does": "everything at once"}
HOSTILE = "<img src=x onerror=document.title='owned'>"


@pytest.fixture
def page(browser: Browser, sandbox: Sandbox) -> Iterator[Page]:
    sandbox.client.offer([], [], None)
    sandbox.client.build_world(
        users=[SENDER, READER, OTHER],
        dialogs=[{"_id": DIALOG, "type": 2, "occupants_ids": [SENDER, READER, OTHER], "name": "talk"}],
        messages=[{"_id": MESSAGE, "chat_dialog_id": DIALOG, "sender_id": SENDER, "message": "as sent"}],
    )
    context = browser.new_context(viewport={"width": 1300, "height": 900}, color_scheme="light")
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    opened.goto(f"{sandbox.url}/_sandbox/")
    expect(opened.locator("#link")).to_have_text("live")
    yield opened
    context.close()
    # A refusal is a line of the browser's as well.
    assert [error for error in errors if "status of 422" not in error] == []


def put(sandbox: Sandbox, user: int, path: str = "", **fields: Any) -> None:
    headers = {"Authorization": f"ApiKey {API_KEY}", "On-Behalf-Of": str(user)}
    url = f"{sandbox.url}/chat/Message{path}.json"
    requests.put(url, json={"chat_dialog_id": DIALOG, **fields}, headers=headers, timeout=10)


def test_ticks_move_and_an_edit_flashes(page: Page, sandbox: Sandbox) -> None:
    message = page.locator(f"[data-message='{MESSAGE}']")
    expect(message).to_have_attribute("data-kind", "sent")
    put(sandbox, READER, delivered="1")
    expect(message).to_have_attribute("data-kind", "delivered")
    put(sandbox, READER, read="1")
    expect(message.locator(".state")).to_have_attribute("aria-label", "read by 1 of 2")
    put(sandbox, OTHER, read="1")
    expect(message).to_have_attribute("data-kind", "read")
    put(sandbox, SENDER, f"/{MESSAGE}", message=HOSTILE)
    expect(message.locator(".text")).to_have_text(HOSTILE)
    assert "flash" in (message.get_attribute("class") or "")
    assert page.title() == "Receipts, live"


def test_calls_stand_beside_it_with_what_became_of_them(page: Page, sandbox: Sandbox) -> None:
    put(sandbox, READER, read="1")
    sandbox.client.faults(throttle=True)
    put(sandbox, READER, read="1")
    newest, first = page.locator("#call-list li").nth(0), page.locator("#call-list li").nth(1)
    expect(newest.locator(".status")).to_have_text("429")
    expect(first.locator(".status")).to_have_text("200")
    expect(first).to_contain_text("read, whole dialog Cleo")
    expect(page.locator("#puts")).to_have_text("2")
    expect(page.locator("#by-status")).to_have_text("200: 1 · 429: 1")


def test_faults_are_switches_for_the_keyboard_as_well(page: Page, sandbox: Sandbox) -> None:
    outage, latency = page.get_by_role("switch", name="Outage"), page.get_by_role("switch", name="Latency")
    expect(outage).not_to_be_checked()
    outage.focus()
    page.keyboard.press("Space")
    expect(outage).to_be_checked()
    latency.press("Enter")
    expect(latency).to_be_checked()
    faults = requests.get(f"{sandbox.url}/_sandbox/faults", timeout=10).json()
    assert (faults["outage"], faults["latency_ms"]) == (True, 1000)
    outage.press("Space")
    expect(outage).not_to_be_checked()
    expect(latency).to_be_checked()


def test_the_keyboard_reaches_everything_in_order(page: Page, sandbox: Sandbox) -> None:
    sandbox.client.offer([STORM], [], None)
    expect(page.get_by_role("button", name="A storm")).to_be_visible()
    reached: list[str] = []
    for _ in range(9):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText.trim().split(/\\s+/)[0]"))
    assert reached[:8] == ["To", "Dark", "A", "Latency", "429", "5xx", "Outage", "Hold"]


def test_a_play_is_pressed_and_shows_that_it_plays(page: Page, sandbox: Sandbox) -> None:
    expect(page.locator("#nobody")).to_be_visible()
    sandbox.client.offer([STORM], [], {"recorded": 100, "covered": 90, "dead": 0, "pending": 10, "in_flight": 0})
    button = page.get_by_role("button", name="A storm")
    button.click()
    until(lambda: sandbox.client.pressed() == ["storm"], "the button at its player")
    expect(page.locator("#recorded")).to_have_text("100")
    put(sandbox, READER, read="1")
    expect(page.locator("#saved")).to_have_text("99 %")
    sandbox.client.offer([STORM], ["storm"], None)
    expect(button).to_be_disabled()


def test_a_button_whose_player_has_gone_says_so(page: Page, sandbox: Sandbox) -> None:
    sandbox.client.offer([STORM], [], None)
    button = page.get_by_role("button", name="A storm")
    expect(button).to_be_visible()
    page.route("**/plays", lambda route: route.fulfill(status=422, body="nobody plays 'storm' now"))
    button.click()
    expect(page.get_by_role("alert")).to_have_text("The sandbox refused: nobody plays 'storm' now")


def test_calls_can_be_held(page: Page, sandbox: Sandbox) -> None:
    page.get_by_role("button", name="Hold").click()
    put(sandbox, READER, read="1")
    expect(page.locator("#puts")).to_have_text("1")
    expect(page.locator("#call-list li")).to_have_count(0)


def test_dark_and_light_can_both_be_read(page: Page) -> None:
    """Text against its ground at least 4.5 to 1, as WCAG asks of small letters."""
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        for selector in ("h1", ".note", "dt", "#saved", ".message .text", ".message b", ".switch small", ".link"):
            assert contrast(page, selector) >= 4.5, (theme, selector)


def contrast(page: Page, selector: str) -> float:
    script = """selector => {
        const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
        const light = (part) => (part /= 255) <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
        const shown = document.querySelector(selector);
        let ground = shown;
        while (rgb(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
        const colours = [getComputedStyle(shown).color, getComputedStyle(ground).backgroundColor];
        const both = colours.map((colour) => luminance(rgb(colour)));
        return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    }"""
    return float(page.evaluate(script, selector))


def test_on_a_phone_nothing_stands_beside_the_screen(browser: Browser, sandbox: Sandbox, page: Page) -> None:
    phone = browser.new_page(viewport={"width": 360, "height": 740})
    phone.goto(page.url)
    expect(phone.locator(f"[data-dialog='{DIALOG}']")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    phone.close()
    sandbox.client.clear_world()
    expect(page.locator("#empty")).to_be_visible()
