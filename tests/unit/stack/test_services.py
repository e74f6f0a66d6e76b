import os
import sys
from pathlib import Path

import pytest

from stack.services import PROJECT, command_line, environment


def test_options_are_spelled_with_dashes() -> None:
    options = command_line({"api_key": "k 1", "rate": 80.5, "quiet": True, "lists": False, "latency_ms": 0})
    assert options == ["--api-key", "k 1", "--rate", "80.5", "--quiet", "--latency-ms", "0"]


def test_our_code_is_found_wherever_a_service_goes() -> None:
    places = environment({})["PYTHONPATH"].split(os.pathsep)
    assert places == [str(PROJECT), str(PROJECT / "producer")]
    assert (PROJECT / "pyproject.toml").exists()
    assert all(Path(place).is_absolute() for place in places)


def test_the_programs_of_our_interpreter_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join(["/somewhere", "/else"]))
    places = environment({})["PATH"].split(os.pathsep)
    assert places == [str(Path(sys.executable).parent), "/somewhere", "/else"]


def test_our_own_settings_and_proxies_stay_with_us(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "CELERY_BROKER_URL", "SENTRY_DSN"):
        monkeypatch.setenv(name, "from the developer's shell")
    monkeypatch.setenv("TZ", "UTC")
    handed_on = environment({"SENTRY_DSN": "from the test"})
    assert handed_on["SENTRY_DSN"] == "from the test"
    assert handed_on["TZ"] == "UTC"
    assert not {"HTTP_PROXY", "CELERY_BROKER_URL"} & handed_on.keys()
