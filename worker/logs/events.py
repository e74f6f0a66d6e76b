"""Every event that a log line can tell, with its level. A new one goes here; `make docs` puts it onto docs/logs.md."""

from __future__ import annotations

import logging

from worker.logs.event import Event


def _event(level: int, name: str, sentence: str, fields: str) -> Event:
    """Fields by name, those that may be missing with a question mark."""
    names = fields.split()
    required = tuple(each for each in names if not each.endswith("?"))
    return Event(name, level, sentence, required, tuple(each[:-1] for each in names if each.endswith("?")))


def _error(name: str, sentence: str, fields: str = "") -> Event:
    return _event(logging.ERROR, name, sentence, fields)


def _warning(name: str, sentence: str, fields: str = "") -> Event:
    return _event(logging.WARNING, name, sentence, fields)


def _info(name: str, sentence: str, fields: str = "") -> Event:
    return _event(logging.INFO, name, sentence, fields)


def _debug(name: str, sentence: str, fields: str = "") -> Event:
    return _event(logging.DEBUG, name, sentence, fields)


# PUTs.
_PUT = "application slot attempt verdict outcome ids duration_ms waited_ms? status? request_id?"
PUT_ACCEPTED = _debug("put.accepted", "PUT accepted", _PUT)
PUT_NOT_ACCEPTED = _warning("put.not_accepted", "PUT not accepted, it is sent again", f"{_PUT} reason")
SLOT_DEAD = _info("slot.dead", "PUT rejected for good, a dead letter was stored", f"{_PUT} reason")
SLOT_DIED_UNSENT = _info("slot.died_unsent", "dead without a PUT, a dead letter was stored", "application slot reason")
SENDING_BUG = _error("put.bug", "bug while sending a slot, it is tried again", "application slot error")
BREAKER_OPENED = _error("breaker.opened", "calls are held, receipts are kept and joined", "application reason")
BREAKER_REOPENED = _warning("breaker.reopened", "calls are held again", "application reason")
BREAKER_CLOSED = _warning("breaker.closed", "calls go out again", "application reason")

# The service session.
SESSION_REFUSED_YOUNG = _error(
    "session.refused_young", "service sessions are refused as soon as they are made", "application"
)
SESSION_REFUSED = _warning("session.refused", "the service session was refused before its time", "application")
SESSION_AGAIN = _warning("session.again", "there is a service session again", "application")
LOGIN_REFUSED = _error("session.login_refused", "no service session: the login is refused", "application reason")
LOGIN_FAILED = _warning("session.login_failed", "no service session until the next login", "application reason")

# The ledger and its Redis.
TOKEN_UNREADABLE = _error("ledger.token_unreadable", "receipts wait", "application reason")
LEASE_RAN_OUT = _warning("lease.ran_out", "lease ran out", "application slot crashes outcome")
TICK_FAILED = _error("tick.failed", "tick failed, ticking goes on", "application error")
TICKS_AGAIN = _warning("tick.again", "ticks again", "application")
REDIS_EVICTS = _error("redis.evicts", "the worker ends, for its Redis may evict receipts", "reason")
REDIS_NOT_REACHED = _warning("redis.not_reached", "Redis is not reached yet", "error")
REDIS_POLICY_UNTOLD = _warning(
    "redis.policy_untold", "Redis does not tell its maxmemory-policy (INFO and CONFIG are refused)", "expected"
)

# The exporter of metrics.
METRICS_SERVED = _info("metrics.served", "metrics can be read", "address port")
LEDGER_UNREAD = _warning("metrics.ledger_unread", "the ledger cannot be read", "application reason")
LEDGER_READ_AGAIN = _warning("metrics.ledger_read_again", "the ledger can be read again", "application")
LEDGER_READING_BUG = _error("metrics.bug", "bug while reading the ledger", "application error")
METRICS_ASKED = _debug("metrics.asked", "somebody has asked for the metrics", "asked")
METRICS_UNANSWERED = _debug("metrics.unanswered", "who asked for the metrics left, or said nothing", "client error")

# The hook, and Flower's events.
HOOK_WAITS = _error("hook.waits", "notices wait to be handed on", "application error")
HOOK_AGAIN = _warning("hook.again", "notices are handed on again", "application")
FLOWER_EVENTS_LOST = _warning("flower.events_lost", "events for Flower are lost", "error")

# The broker and its messages.
MESSAGE_REFUSED = _error("message.refused", "a message was refused, its dead letter stored", "task reason")
MESSAGE_JUNK = _error("message.junk", "a message that is no receipt was thrown away", "reason")
MESSAGE_UNTOLD = _warning("message.untold", "a refused message could not be told to the ledger", "error")
MESSAGE_UNSETTLED = _warning("message.unsettled", "a message of a lost connection cannot be settled: it comes back")
KEY_SET_ASIDE = _error("broker.key_set_aside", "a key of the broker was set aside", "key expected found")
LOCK_REMOVED = _error("broker.lock_removed", "a lock of the broker's without an end was removed", "key")
DOORBELL_FOREIGN = _warning("doorbell.foreign", "a doorbell that is not for this worker was not answered")

# The life of a process.
WORKER_STARTS = _info("worker.starts", "the worker starts", "processes? applications")
WORKER_STUCK = _error(
    "worker.stuck", "the worker makes no progress and ends itself, to be started again", "reason calls pids? exit_code"
)
WORKER_ENDED_HARD = _error("worker.ended_hard", "its main process did not end, and is ended hard", "exit_code")
WATCHDOG_FAILS = _error("health.watchdog_fails", "the watchdog cannot look, the report grows old", "error")
REPORT_NOT_WRITTEN = _warning("health.not_written", "the report for `python -m worker health` is not written", "error")
BEAT_WAITS = _warning("beat.waits", "beat waits for the broker", "error")
PROCESS_LOST = _warning("process.lost", "a process of the pool was lost", "application slots")
LEFT_TO_LEASES = _warning("shutdown.left_to_leases", "what lost processes held waits for its leases", "error")

OURS = {each.name: each for each in list(globals().values()) if isinstance(each, Event)}
