"""The worker's scripts: what the wheel's share (slot, join, due), then pace and flight, then each one's own text."""

from __future__ import annotations

from pathlib import Path

from receipt_sync.scripts import Script, shared_source

_LUA = Path(__file__).parent / "lua"


def _script(*names: str) -> Script:
    parts = [(_LUA / f"{name}.lua").read_text(encoding="utf-8") for name in names]
    return Script("".join([shared_source(), *parts]))


CLAIM = _script("aside", "pace", "flight", "claim")
SETTLE = _script("aside", "pace", "flight", "settle")
EXTEND = _script("extend")
REAP = _script("aside", "far", "flight", "reap")
RING = _script("aside", "pace", "ring")
PUBLISH = _script("aside", "publish")
BURY = _script("aside", "bury")
START = _script("start")
