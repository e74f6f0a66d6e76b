"""What pins QuickBlox' own client: exact versions and hashes, and no registry's name."""

from __future__ import annotations

import json
from typing import Any

from tests.running import PROJECT

HERE = PROJECT / "tests" / "contract" / "sdk"
LOCK: dict[str, Any] = json.loads((HERE / "package-lock.json").read_text())
PACKAGES: dict[str, dict[str, Any]] = {name: package for name, package in LOCK["packages"].items() if name}


def test_every_package_is_held_by_its_hash() -> None:
    assert len(PACKAGES) > 200
    assert [name for name, package in PACKAGES.items() if not package["integrity"].startswith("sha512-")] == []


def test_no_package_names_where_it_comes_from() -> None:
    assert [name for name, package in PACKAGES.items() if "resolved" in package] == []
    assert "omit-lockfile-registry-resolved=true" in (HERE / ".npmrc").read_text().splitlines()


def test_nothing_of_a_package_runs_when_it_is_installed() -> None:
    assert "ignore-scripts=true" in (HERE / ".npmrc").read_text().splitlines()


def test_the_lock_is_of_the_client_that_is_pinned() -> None:
    wanted = json.loads((HERE / "package.json").read_text())
    assert LOCK["packages"][""]["dependencies"] == wanted["dependencies"] == {"quickblox": "2.23.0"}
    assert PACKAGES["node_modules/quickblox"]["version"] == wanted["dependencies"]["quickblox"]
    assert PACKAGES["node_modules/reconnect-core"]["version"] == wanted["overrides"]["reconnect-core"]
