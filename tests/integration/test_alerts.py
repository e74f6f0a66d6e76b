"""What somebody is told of an outage: one error and one Sentry event for all workers, and when it is over a warning."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from tests.integration.ledger.real import APPLICATION, POLICY, PREFIX, RealLedger
from tests.shorthand import USER, dialogs, read
from worker.alerts import alert
from worker.ledger import Again, Claimed, Done, Ledger, Outcome, Part, RingSize

UNAVAILABLE = Again("status 503", "unavailable", costs_attempt=True)
KEY_REFUSED = Again("status 401", "unauthorized", hold_ms=9_000)
SENT = Done(Part("r"))


class Kept(Transport):
    """What would have been sent to Sentry."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self.events: list[Any] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        assert event is not None
        self.events.append(event)


@pytest.fixture
def sentry() -> Iterator[list[Any]]:
    client = sentry_sdk.Client(
        dsn="http://key@127.0.0.1:1/1", transport=Kept, default_integrations=False, include_local_variables=False
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        assert isinstance(client.transport, Kept)
        yield client.transport.events


@pytest.fixture
def two_workers(redis_client: redis.Redis) -> tuple[RealLedger, Ledger, Ledger]:
    """Two workers' ledgers of one application, and a producer."""
    real = RealLedger(redis_client)
    policy = POLICY | {"breaker_calls_min": "4"}
    size = RingSize(syncs_max=3, permit_ms=60_000, side_by_side=2)
    first, second = (
        Ledger(redis_client, APPLICATION, policy=policy, lease_ms=60_000, size=size, tell=alert) for _ in range(2)
    )
    first.publish_policy()
    return real, first, second


def settle(ledger: Ledger, claimed: Claimed, outcome: Outcome) -> None:
    assert claimed.claims != []
    ledger.settle([(claim.slot, claim.generation, outcome) for claim in claimed.claims])


def probe(real: RealLedger, ledger: Ledger) -> Claimed:
    """The next call that an open breaker lets through."""
    real.redis.hset(f"{PREFIX}:pace", "till", 0)
    return ledger.claim(10)


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> None:
    """Also where the simulator has run in this process before: it keeps the workers quiet."""
    caplog.set_level(logging.WARNING, logger="worker")


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(each.levelname, each.getMessage()) for each in caplog.records if each.name == "worker.alerts"]


# The alert itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("outage", "the chat API fails: most calls of the last seconds had no good answer"),
        ("key", "the chat API refuses the API key"),
    ],
)
def test_opened_is_an_error_and_one_event(
    sentry: list[Any], caplog: pytest.LogCaptureFixture, why: str, words: str
) -> None:
    alert("shop", f"opened {why}")
    line = f"calls are held, receipts are kept and joined: application=shop reason={words}"
    assert said(caplog) == [("ERROR", line)]
    [event] = sentry
    assert event["level"] == "error"
    assert event["message"] == f"calls are held: {words}"
    assert event["fingerprint"] == ["breaker", "shop", why]
    assert event["tags"] == {"application": "shop"}


def test_applications_and_reasons_are_told_apart(sentry: list[Any]) -> None:
    for application, event in (("shop", "outage"), ("shop", "key"), ("games", "outage"), ("shop", "outage")):
        alert(application, f"opened {event}")
    assert len(sentry) == 4
    assert len({tuple(event["fingerprint"]) for event in sentry}) == 3


def test_closed_is_a_warning_and_no_event(sentry: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    alert("shop", "closed key")
    line = "calls go out again: application=shop reason=the chat API refuses the API key"
    assert said(caplog) == [("WARNING", line)]
    assert sentry == []


def test_what_follows_in_the_process_carries_neither_tag_nor_fingerprint(sentry: list[Any]) -> None:
    alert("shop", "opened outage")
    sentry_sdk.capture_message("another")
    assert "fingerprint" not in sentry[1]
    assert not sentry[1].get("tags")


# Once, whoever settles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "why"), [(UNAVAILABLE, "outage"), (KEY_REFUSED, "key")])
def test_of_two_workers_one_is_told_and_once(
    sentry: list[Any],
    caplog: pytest.LogCaptureFixture,
    two_workers: tuple[RealLedger, Ledger, Ledger],
    outcome: Again,
    why: str,
) -> None:
    real, first, second = two_workers
    real.record([read(dialog=dialog) for dialog in dialogs(16)])
    mine, yours = first.claim(8), second.claim(8)
    settle(first, mine, outcome)
    settle(second, yours, outcome)
    for ledger in (second, first, second):
        settle(ledger, probe(real, ledger), outcome)
    assert [level for level, _ in said(caplog)] == ["ERROR"]
    assert [event["fingerprint"] for event in sentry] == [["breaker", APPLICATION, why]]
    settle(second, probe(real, second), SENT)
    assert [level for level, _ in said(caplog)] == ["ERROR", "WARNING"]
    assert len(sentry) == 1


def test_nothing_private_is_said(
    sentry: list[Any], caplog: pytest.LogCaptureFixture, two_workers: tuple[RealLedger, Ledger, Ledger]
) -> None:
    caplog.set_level(logging.DEBUG, logger="worker")
    real, first, _ = two_workers
    real.record([read(dialog=dialog, token="a-private-token") for dialog in dialogs(6)])
    settle(first, first.claim(6), UNAVAILABLE)
    everything = json.dumps(sentry, default=str) + caplog.text
    assert "calls are held" in everything
    for private in ("a-private-token", *dialogs(6), f"u{USER}", f"s{USER}"):
        assert private not in everything
