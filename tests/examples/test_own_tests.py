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
    settings = {**DJANGO, "REDIS_URL": "redis://nobody.invalid"}
    ended = run("django", "manage.py", "test", **settings)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Ran 12 tests" in ended.stderr
    changed = run("django", "manage.py", "makemigrations", "--check", "--dry-run", **settings)
    assert changed.returncode == 0, changed.stdout + changed.stderr
