"""The worker's functions on Redis: the wheel's parts, what several need, then each one's own text."""

from __future__ import annotations

from pathlib import Path

from receipt_sync.functions import Function, Library, shared_source
from worker.ledger import timings

_LUA = Path(__file__).parent / "lua"

_PARTS = ("aside", "law", "breaker", "retries", "pace", "flight", "letters", "notices", "taking", "access", "timings")
# By name; of several texts each goes on where the one before it ends.
_TEXTS = {
    "claim": ("claim",),
    "settle": ("settle",),
    "extend": ("extend",),
    "reap": ("far", "reap"),
    "ring": ("ring",),
    "pause": ("pause",),
    "publish": ("publish",),
    "bury": ("bury",),
    "expire": ("expire",),
    "fade": ("fade",),
    "drop": ("drop",),
    "replay": ("replay",),
    "start": ("start",),
    "first": ("first",),
    "service_look": ("service_session", "service_look"),
    "service_keep": ("service_session", "service_keep"),
    "service_fail": ("service_session", "service_fail"),
    "service_forget": ("service_session", "service_forget"),
}


def _text(names: tuple[str, ...]) -> str:
    return "".join((_LUA / f"{name}.lua").read_text(encoding="utf-8") for name in names)


# Recording is refused by a full Redis; what drains the backlog must not be.
LEDGER = Library(
    "receipt_sync_ledger",
    shared_source() + timings.lua() + _text(_PARTS),
    {name: _text(texts) for name, texts in _TEXTS.items()},
    drains=True,
)

CLAIM = Function(LEDGER, "claim")
SETTLE = Function(LEDGER, "settle")
EXTEND = Function(LEDGER, "extend")
REAP = Function(LEDGER, "reap")
RING = Function(LEDGER, "ring")
PAUSE = Function(LEDGER, "pause")
PUBLISH = Function(LEDGER, "publish")
BURY = Function(LEDGER, "bury")
EXPIRE = Function(LEDGER, "expire")
FADE = Function(LEDGER, "fade")
DROP = Function(LEDGER, "drop")
REPLAY = Function(LEDGER, "replay")
START = Function(LEDGER, "start")
FIRST = Function(LEDGER, "first")
SERVICE_LOOK = Function(LEDGER, "service_look")
SERVICE_KEEP = Function(LEDGER, "service_keep")
SERVICE_FAIL = Function(LEDGER, "service_fail")
SERVICE_FORGET = Function(LEDGER, "service_forget")
