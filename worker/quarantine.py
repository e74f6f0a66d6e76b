"""Quarantine: what becomes of a message that was not admitted.

What can be recognised as a receipt becomes a dead letter, tokens left out. Anything else is counted and named in the
log by what is wrong with it: its bytes may be anybody's secret, so they are kept nowhere.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import redis

from receipt_sync.calls import PARAMETERS, POSITIONAL
from receipt_sync.errors import shown_name
from worker.contract import SYNC
from worker.deaths import Death, report_death
from worker.ledger import Ledger
from worker.ledger.letters import STRUCK_OUT
from worker.logs import events

log = logging.getLogger(__name__)

_SHOWN_BYTES = 65_536
_RECOGNISED_BYTES = 16_777_216
_APPLICATION, _SECRET = "application", "token"
_OURS = "receipts."
_PUBLIC = frozenset(name for names in PARAMETERS.values() for name in names) | {_APPLICATION}


class Shown(NamedTuple):
    """Arguments as a dead letter holds them; `cut` where they were too long to be whole."""

    text: str
    cut: bool = False


def shown_arguments(name: str, args: object, kwargs: object) -> Shown:
    """The arguments of a call without a token, and without anything that may be a misspelt one."""
    if not isinstance(args, (list, tuple)) or not isinstance(kwargs, Mapping):
        return Shown("{}", cut=True)
    known = {*PARAMETERS.get(name, _PUBLIC), _APPLICATION} - {_SECRET}
    most = POSITIONAL.get(name, 0)
    shown = {
        "args": [*args[:most], *[STRUCK_OUT] * len(args[most:])],
        "kwargs": {key: value if key in known else STRUCK_OUT for key, value in kwargs.items()},
    }
    text = json.dumps(shown, default=repr)
    return Shown(text[:_SHOWN_BYTES], cut=len(text) > _SHOWN_BYTES)


class Quarantine:
    """Where refused messages go.

    Args:
        ledgers: by application's name; asked for when something is refused, for they must not cross a fork.
    """

    def __init__(self, ledgers: Callable[[], Mapping[str, Ledger]]) -> None:
        self._ledgers = ledgers

    def call(self, name: object, args: object, kwargs: object, why: str) -> bool:
        """Takes what was at least a message; answers False where the ledger was not reached and it must come back."""
        application = kwargs.get(_APPLICATION) if isinstance(kwargs, Mapping) else None
        if not isinstance(name, str) or not name.startswith(_OURS) or name == SYNC:
            return self._counted(why)
        events.MESSAGE_REFUSED.say(log, task=shown_name(name), reason=why)
        shown = shown_arguments(name, args, kwargs)
        reason = f"refused: {why}"

        def bury(ledger: Ledger) -> None:
            ledger.bury_invalid(name[:255], shown.text, reason, cut=shown.cut)
            report_death(ledger, Death("refused", reason))

        return self._told(application, bury)

    def item(self, item: bytes, why: str) -> None:
        """Takes an item of a queue that cannot become a message; where the ledger is not reached, as `junk`."""
        self.call(_task_of(item), None, None, why)

    def junk(self, why: str) -> None:
        """Takes what was not even a message; where the ledger is not reached, the log line is all that stays."""
        self._counted(why)

    def _counted(self, why: str) -> bool:
        events.MESSAGE_JUNK.say(log, reason=why)

        def refuse(ledger: Ledger) -> None:
            ledger.count_refused()
            report_death(ledger, Death("no receipt", why, what="message thrown away"))

        return self._told(None, refuse)

    def _told(self, application: object, tell: Callable[[Ledger], None]) -> bool:
        ledgers = self._ledgers()
        chosen = ledgers.get(application) if isinstance(application, str) else None
        try:
            tell(chosen or next(iter(ledgers.values())))
        except redis.RedisError as error:
            events.MESSAGE_UNTOLD.say(log, error=type(error).__name__)
            return False
        return True


def _task_of(item: bytes) -> object:
    """The task that an item names, as far as it can be recognised: one that is too long is looked into once more."""
    try:
        envelope = json.loads(item) if len(item) <= _RECOGNISED_BYTES else None
    except (ValueError, RecursionError):
        return None
    headers = envelope.get("headers") if isinstance(envelope, dict) else None
    return headers.get("task") if isinstance(headers, dict) else None


def call_of(headers: Mapping[str, Any], payload: object) -> tuple[object, object, object]:
    """Name, args and kwargs of a message as far as they can be recognised."""
    if "task" not in headers:
        fields = payload if isinstance(payload, dict) else {}
        return fields.get("task"), fields.get("args", ()), fields.get("kwargs", {})
    parts = payload if isinstance(payload, (list, tuple)) and len(payload) > 1 else (None, None)
    return headers["task"], parts[0], parts[1]
