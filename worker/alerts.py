"""Alerts: what somebody has to be told of an application as a whole, once for each outage.

The ledger tells each event to one worker alone, so that an outage of ten thousand calls is one line and one event.
"""

from __future__ import annotations

import logging

import sentry_sdk

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
        log.warning("calls are held again: application=%s why=%s, %s", application, why, words)
        return
    if change != "opened":
        log.warning("calls go out again: application=%s, after: %s", application, words)
        return
    log.error("calls are held, receipts are kept and joined: application=%s why=%s, %s", application, why, words)
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = ["breaker", application, why]
        scope.set_tag("application", application)
        sentry_sdk.capture_message(f"calls are held: {words}", level="error", scope=scope)
