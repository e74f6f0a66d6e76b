"""Tests of pages in a real browser: `make test-browser`.

Chromium is the machine's own (Debian's package); nothing is downloaded but its driver. Where it is missing the tests
skip, and fail with `RECEIPTS_TEST_BROWSER=required`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from stack.programs import program


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        chromium = program("chromium")
    except FileNotFoundError as missing:
        if os.environ["RECEIPTS_TEST_BROWSER"] == "required":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with sync_playwright() as playwright:
        # Root has no sandbox of its own: containers run as root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield started
        started.close()
