"""The worker's scripts: the wheel's share (slot, join, due, tokens), what several need, then each one's own text."""

from __future__ import annotations

from pathlib import Path

from receipt_sync.scripts import Script, shared_source

_LUA = Path(__file__).parent / "lua"

# A full Redis (noeviction) refuses a script's first command that may need room, and lets the others pass once the
# script has written something. Recording is refused; what drains the backlog must not be. This one frees, and needs
# nothing: the key never exists. (Flags for it in the script's first line are not known to Redis 6.)
_DRAINS_A_FULL_REDIS = "redis.call('DEL', KEYS[1] .. ':none')\n"


def _script(*names: str) -> Script:
    parts = [(_LUA / f"{name}.lua").read_text(encoding="utf-8") for name in names]
    return Script("".join([_DRAINS_A_FULL_REDIS, shared_source(), *parts]))


CLAIM = _script("aside", "law", "pace", "flight", "letters", "taking", "access", "claim")
SETTLE = _script("aside", "law", "pace", "flight", "letters", "taking", "access", "settle")
EXTEND = _script("extend")
REAP = _script("aside", "far", "flight", "letters", "taking", "reap")
RING = _script("aside", "law", "pace", "ring")
PAUSE = _script("aside", "law", "pace", "pause")
PUBLISH = _script("aside", "publish")
BURY = _script("aside", "letters", "bury")
EXPIRE = _script("aside", "letters", "expire")
DROP = _script("aside", "letters", "drop")
REPLAY = _script("aside", "flight", "letters", "replay")
START = _script("start")
SERVICE_LOOK = _script("service_session", "service_look")
SERVICE_KEEP = _script("service_session", "service_keep")
SERVICE_FAIL = _script("service_session", "service_fail")
SERVICE_FORGET = _script("service_session", "service_forget")
