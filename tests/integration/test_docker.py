"""What of the image can be checked without Docker: its entry point runs the Procfile's commands, as named roles."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stack.procfile import commands
from stack.services import PROJECT, environment

SHOW = '#!/bin/sh\necho "$(basename "$0") $*"\n'


@pytest.fixture
def shown_commands(tmp_path: Path) -> dict[str, str]:
    """An environment in which the programs only say how they were called."""
    for name in ("celery", "python"):
        program = tmp_path / name
        program.write_text(SHOW)
        program.chmod(0o755)
    return environment({"PATH": f"{tmp_path}:/usr/bin:/bin"})


def _run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", "docker/entrypoint.sh", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("role", sorted(commands(PROJECT / "Procfile")))
def test_role_is_the_procfiles_command(shown_commands: dict[str, str], role: str) -> None:
    command = commands(PROJECT / "Procfile")[role]
    expected = subprocess.run(
        ["/bin/sh", "-c", command], env=shown_commands, capture_output=True, text=True, check=True
    ).stdout
    assert f" {role}" in expected or f".{role}" in expected
    assert _run(shown_commands, role).stdout == expected
    assert _run(shown_commands, role, "--one more").stdout.strip() == f"{expected.strip()} --one more"


def test_worker_is_the_role_without_a_name(shown_commands: dict[str, str]) -> None:
    assert _run(shown_commands).stdout == _run(shown_commands, "worker").stdout


def test_unknown_role_says_which_there_are(shown_commands: dict[str, str]) -> None:
    refused = _run(shown_commands, "flour")
    assert refused.returncode == 64
    assert "'flour'" in refused.stderr
    assert "worker, beat, flower, " in refused.stderr
    assert refused.stderr.rstrip().endswith("sandbox or settings")


def test_image_holds_every_room_of_the_service() -> None:
    dockerfile = (PROJECT / "docker" / "Dockerfile").read_text()
    allowed = (PROJECT / ".dockerignore").read_text()
    for room in ("producer", "settings", "worker", "tasks", "sandbox", "Procfile"):
        assert f"COPY {room} {room}\n" in dockerfile
        assert f"!{room}\n" in allowed
