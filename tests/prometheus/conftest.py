"""Tests with a real Prometheus of Debian's package: `make test-prometheus`.

The suite installs nothing. Where it is missing the tests skip, and fail with `RECEIPTS_TEST_PROMETHEUS=required`.
"""

from __future__ import annotations

import os

import pytest

from stack.programs import program

PROGRAMS = ("prometheus", "promtool")


@pytest.fixture(scope="session", autouse=True)
def _prometheus_is_here() -> None:
    try:
        for name in PROGRAMS:
            program(name)
    except FileNotFoundError as missing:
        if os.environ["RECEIPTS_TEST_PROMETHEUS"] == "required":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
