"""Alerts: what somebody has to be told of an application as a whole, once for each outage.

The ledger tells each event to one worker alone, so that an outage of ten thousand calls is one line and one event.
"""

from __future__ import annotations

import logging

import sentry_sdk

from worker.logs import events

log = logging.getLogger(__name__)

# Told by lua/breaker.lua, as 'opened <why>', 'reopened <why>' or 'closed <why>'.
WORDS = {
    "outage": "the chat API fails: most calls of the last seconds had no good answer",
    "key": "the chat API refuses the API key",
}


def alert(application: str, event: str) -> None:
    """Says that an application's breaker has opened (an error and a Sentry event), reopened or closed (warnings)."""
    change, _, why = event.partition(" ")
    words = WORDS.get(why, why)
    if change == "reopened":
        # Before a minute of health: the same outage, which has been told.
        events.BREAKER_REOPENED.say(log, application=application, reason=words)
        return
    if change != "opened":
        events.BREAKER_CLOSED.say(log, application=application, reason=words)
        return
    events.BREAKER_OPENED.say(log, application=application, reason=words)
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = ["breaker", application, why]
        scope.set_tag("application", application)
        sentry_sdk.capture_message(f"calls are held: {words}", level="error", scope=scope)
