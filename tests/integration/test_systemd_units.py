"""The units for systemd: as systemd itself reads them, where it is installed; and that no process is left out."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stack.procfile import commands
from stack.services import PROJECT

UNITS = sorted((PROJECT / "docker" / "systemd").glob("*.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_it(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine; on Debian it comes with the package systemd")
    shutil.copy(unit, tmp_path)  # alone: verify reads its neighbours, too
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    # It complains of the machine's own units, too.
    complaints = [line for line in done.stderr.splitlines() if "receipt-sync" in line]
    assert complaints == []


def test_every_process_of_the_procfile_has_one_that_runs_its_command() -> None:
    started = re.compile(r"^ExecStart=/bin/sh docker/entrypoint.sh (\w+)", re.MULTILINE)
    roles = {role for unit in UNITS for role in started.findall(unit.read_text())}
    assert roles >= commands(PROJECT / "Procfile").keys()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_it_starts_again_and_is_shut_in(unit: Path) -> None:
    said = unit.read_text().splitlines()
    wanted = {"Restart=always", "User=receipts", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateDevices=yes"}
    assert not wanted - set(said)
    if "Type=notify" in said:
        assert any(line.startswith("WatchdogSec=") for line in said)
