"""What holds an application's receipts back while it is being drained: sentences, each with its mend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import redis

from worker.ledger.listening import listeners
from worker.ledger.searching import first_slots
from worker.ledger.slots import Slot, look_at
from worker.ledger.standing import Standing
from worker.reasons import why_not_sent

_LOOKED_AT = 50
# Reasons of single slots that say that something goes on by itself, or are said of the application already.
_GOES_ON = ("next", "pace", "in flight", "not yet due")
_OF_APPLICATION = ("pause", "breaker", "hold")
_WORDS = {
    "backoff": "failed and wait for their next attempt; `inspect DIALOG` shows the reason",
    "actor stopped": "wait for another session token or for credentials; they are dead after RECEIPTS_TOKEN_WAIT_S",
    "in doubt": "wait until an earlier PUT without an answer can no longer be applied (QUICKBLOX_LANDS_WITHIN_S)",
    "no worker": "are due and nobody takes them: does a worker run?",
    "unreadable": "cannot be read; `status` and the workers' log name the keys",
    "dead letter": "hold nothing; a worker sets them aside",
    "nothing": "hold nothing; a worker sets them aside",
}


def held_by(client: redis.Redis, of: Standing) -> list[str]:
    """Why it does not get less, as far as the application and its first slots show; [] where it should."""
    if of.is_empty:
        return []
    slots = look_at(client, of.application, first_slots(client, of.application, _LOOKED_AT))
    return [*of_application(of, listeners(client, of.application)), *of_slots(slots, of)]


def of_application(of: Standing, listening: int | None) -> list[str]:
    """The same of the application alone; `listening` of listening.py."""
    found = []
    if of.paused:
        found.append(f"it is paused ({of.paused.why}): `resume` ends that")
    if of.breaker.why:
        found.append(
            "the API refuses the key: mend QUICKBLOX_API_KEY"
            if of.breaker.why == "key"
            else "the API fails: one call is tried now and then"
        )
    if of.hold_until_ms:
        found.append(f"the API throttles: calls go on in {(of.hold_until_ms - of.now_ms) / 1000:.0f} s")
    if listening == 0:
        found.append("no worker listens: start one")
    return found


def of_slots(slots: Sequence[Slot], of: Standing) -> list[str]:
    """The same of single slots: how many of those looked at are held by what."""
    counted = Counter(why_not_sent(slot, of)[0].name for slot in slots)
    telling = [(name, n) for name, n in counted.most_common() if name not in (*_GOES_ON, *_OF_APPLICATION)]
    return [f"{n} of {len(slots)} slots looked at {_WORDS[name]}" for name, n in telling]
