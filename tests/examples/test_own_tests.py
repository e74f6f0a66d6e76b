"""The examples' own tests, as whoever copies an example runs them."""

from __future__ import annotations

import pytest

from tests.examples.apps import run
from tests.examples.conftest import DJANGO

PYTEST = ("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider")


@pytest.mark.parametrize("example", ["flask", "fastapi", "webhook", "beat"])
def test_its_tests_pass(example: str) -> None:
    ended = run(example, *PYTEST)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " passed" in ended.stdout


def test_djangos_tests_pass() -> None:
    ended = run("django", "manage.py", "test", **DJANGO, REDIS_URL="redis://nobody.invalid")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Ran 14 tests" in ended.stderr
