"""What `make audit` makes of pip-audit's reports: "nothing was asked" must not read as "nothing is known"."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stack.services import PROJECT

ASKED = {"name": "redis", "version": "8.1.0", "vulns": []}
UNASKED = {"name": "kombu", "skip_reason": "Dependency not found on PyPI"}
FLAWED = {"name": "flower", "version": "2.2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.2.1"]}]}


@pytest.mark.parametrize(
    ("packages", "status", "said"),
    [
        ([ASKED], 0, "nothing is known against its 1 packages"),
        ([ASKED, UNASKED], 3, "1 of 2 packages not audited"),
        ([UNASKED, FLAWED], 1, "flower 2.2.0: PYSEC-1, mended in 2.2.1"),
        (None, 3, "left no report"),
    ],
)
def test_a_report_is_judged(tmp_path: Path, packages: list[object] | None, status: int, said: str) -> None:
    report = tmp_path / "report.json"
    if packages is not None:
        report.write_text(json.dumps({"dependencies": packages, "fixes": []}))
    command = [sys.executable, "requirements/audited.py", "service", str(report)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert said in ended.stdout
