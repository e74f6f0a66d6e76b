"""Prometheus' own opinion of the files that it is given."""

from __future__ import annotations

import subprocess

from stack.programs import program
from tests.prometheus.queries import PROMETHEUS


def promtool(*arguments: str) -> None:
    command = [str(program("promtool")), *arguments]
    ended = subprocess.run(command, cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_configuration_and_the_alerts_are_sound() -> None:
    promtool("check", "config", "prometheus.yml")


def test_each_alert_fires_when_it_should_and_only_then() -> None:
    promtool("test", "rules", "alerts_test.yml")
