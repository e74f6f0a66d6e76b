"""Flower's pages as a person sees them in a bad hour; with RECEIPTS_PICTURES=directory they are kept for the docs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, ViewportSize, expect

from tests.flower import (
    NEVER_A_TOKEN,
    PASSWORD,
    QUICK_SYNCS,
    REJECTED,
    TEXT,
    TOKEN,
    USER,
    Flower,
    bad_hour,
    flower_of,
)
from tests.running import API_KEY, StartSystem, until

_SIZE: ViewportSize = {"width": 1500, "height": 640}
_HIGH: ViewportSize = {"width": 1000, "height": 860}
_MOST_BYTES = 120_000


def test_a_bad_hour_on_flowers_pages(browser: Browser, start_system: StartSystem, tmp_path: Path) -> None:
    system = start_system(**QUICK_SYNCS)
    with flower_of(system, tmp_path) as flower:
        system.start_worker()
        until(lambda: "worker-1@test" in flower.get("/api/workers?status=1").text, "the worker on Flower")
        bad_hour(system, flower)
        somebody = browser.new_page(viewport=_SIZE)
        with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
            somebody.goto(f"{flower.url}/tasks")
        somebody.close()

        page = browser.new_page(viewport=_SIZE, http_credentials={"username": USER, "password": PASSWORD})
        an_outage_is_seen_at_a_glance(page, flower)
        system.api.clear_faults()
        until(lambda: flower.states("receipts.outage") == {"SUCCESS": 1}, "the outage's end on Flower")
        system.wait_until_settled()
        rejected_receipts_are_failed_tasks(page, flower)
        what_is_sent_again_is_a_retry(page, flower)
        the_worker_shows_neither_arguments_nor_buttons(page, flower)
        page.close()


def an_outage_is_seen_at_a_glance(page: Page, flower: Flower) -> None:
    """By its name in the list of what failed, and by its words when it is opened."""
    open_tasks(page, flower, "Failed")
    expect(rows(page).filter(has_text="receipts.outage")).to_contain_text(
        "calls are held, receipts are kept and joined"
    )
    keep(page, "outage")
    [outage] = flower.tasks("receipts.outage")
    page.goto(f"{flower.url}/task/{outage['uuid']}")
    expect(page.locator("body")).to_contain_text("calls are held, receipts are kept and joined: the chat API fails")
    expect(page.locator(".badge").first).to_have_text("FAILURE")


def rejected_receipts_are_failed_tasks(page: Page, flower: Flower) -> None:
    open_tasks(page, flower, "Failed", "receipts.put")
    expect(rows(page)).to_have_count(REJECTED)
    uuid = next(put["uuid"] for put in flower.tasks("receipts.put") if put["state"] == "FAILURE")
    page.set_viewport_size(_HIGH)
    page.goto(f"{flower.url}/task/{uuid}")
    expect(page.locator("body")).to_contain_text("rejected: status 422; a dead letter: python -m worker dead list")
    expect(page.locator("body")).to_contain_text(re.compile(r"slot=[0-9a-f]{12}"))
    keep(page, "rejected")
    page.set_viewport_size(_SIZE)


def what_is_sent_again_is_a_retry(page: Page, flower: Flower) -> None:
    open_tasks(page, flower, "Retried", "receipts.put")
    expect(page.locator("#tasks-table")).to_contain_text("unavailable: status 503; to be sent again")
    open_tasks(page, flower, "Succeeded", "receipts.outage")
    expect(rows(page).filter(has_text="receipts.outage")).to_contain_text("calls go out again")
    open_tasks(page, flower, "All")
    keep(page, "tasks")
    assert_nothing_private(page)


def the_worker_shows_neither_arguments_nor_buttons(page: Page, flower: Flower) -> None:
    page.goto(f"{flower.url}/worker/worker-1@test")
    expect(page.locator("body")).to_contain_text("worker-1@test")
    for action in ("Shut Down", "Restart Pool", "Apply", "Revoke", "Terminate"):
        expect(page.get_by_role("button", name=action)).to_have_count(0)
    keep(page, "worker")
    assert_nothing_private(page)


def open_tasks(page: Page, flower: Flower, state: str, name: str = "") -> None:
    page.goto(f"{flower.url}/tasks")
    page.get_by_role("button", name=state, exact=True).click()
    search = page.locator("input[type=search]")
    # The page remembers what was looked for last.
    asked = [word for word in search.input_value().split() if not word.startswith("name:")]
    search.fill(" ".join([*asked, *([f"name:{name}"] if name else [])]))
    expect(page.locator("#tasks-table tbody")).to_contain_text(name or "receipts.")


def rows(page: Page) -> Locator:
    return page.locator("#tasks-table tbody tr")


def assert_nothing_private(page: Page) -> None:
    for private in (TEXT, TOKEN, NEVER_A_TOKEN, API_KEY, PASSWORD):
        assert private not in page.content()


def keep(page: Page, name: str) -> None:
    """A picture, small enough for a repository."""
    directory = os.environ.get("RECEIPTS_PICTURES")
    if directory:
        picture = page.screenshot()
        assert len(picture) < _MOST_BYTES
        (Path(directory) / f"{name}.png").write_bytes(picture)
