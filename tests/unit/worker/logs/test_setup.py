"""Whose word on the level holds: what Celery is told, not Celery's own default."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from worker.logs.setup import _is_asked_for


@click.command()
@click.option("-l", "--loglevel", default="WARNING")
def _program(loglevel: str) -> None:
    click.echo(f"{loglevel} {_is_asked_for('loglevel')}")


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        ([], {}, "WARNING False"),
        (["--loglevel", "DEBUG"], {}, "DEBUG True"),
        (["-l", "WARNING"], {}, "WARNING True"),
        ([], {"CELERY_LOGLEVEL": "INFO"}, "INFO True"),
    ],
)
def test_what_celery_is_told_holds_and_its_default_does_not(
    arguments: list[str], variables: dict[str, str], said: str
) -> None:
    answer = CliRunner().invoke(_program, arguments, env=variables, auto_envvar_prefix="CELERY")
    assert answer.output.strip() == said


def test_a_worker_that_no_command_line_has_started_means_what_it_says() -> None:
    assert _is_asked_for("loglevel")
