"""What Flower is told: which PUT is which state, one task for each, and nothing private."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from celery.events.state import State

from tests.unit.worker.examples import DIALOG, TOKEN
from worker.events import Event
from worker.ledger import Again, Back, Dead, Done, MarkClaim, Outcome, Part, Settled
from worker.task_events import counted, death_event, outage_events, put_event

SLOT = f"m:{DIALOG}:u7123456"
CLAIM = MarkClaim(
    slot=SLOT, generation=7, attempts=2, recorded_ms=1_700_000_000_000, dialog_id=DIALOG, actor="u7123456", token=TOKEN,
    claimed_s=1.0, read_all=1, delivered_all=0, ids={}, list_limit=None,
)  # fmt: skip
UNAVAILABLE = Again("status 503", "unavailable", delay_ms=500, costs_attempt=True)
REJECTED = Dead("rejected: status 422", "rejected", Part("r"), 422, "words of the API", "request-1")
ENDED, STALE, DIED = Settled.ENDED, Settled.STALE, Settled.DIED


def put(outcome: Outcome, settled: Settled = ENDED) -> Event | None:
    return put_event("shop", CLAIM, outcome, settled, "a-sync")


def shown(events: Iterable[Event]) -> dict[str, Any]:
    """What any Flower makes of them: Celery's own state of a task."""
    state = State()
    for clock, event in enumerate(events):
        fields = event.fields | {"hostname": "worker@test", "timestamp": 1.0, "local_received": 1.0, "clock": clock}
        state.event(fields | {"type": event.type, "pid": 1, "utcoffset": 0})
    [task] = state.tasks.values()
    shown: dict[str, Any] = task.as_dict()
    return shown


@pytest.mark.parametrize("outcome", [Done(Part("r")), Back("closing"), Again("no key", "", wants_token=True)])
def test_what_was_sent_or_was_no_put_has_no_event(outcome: Outcome) -> None:
    assert put(outcome) is None


LOOK = "a dead letter: python -m worker dead list --application shop"
HELD = Again("throttled", "throttled", hold_ms=3000)
TOO_LATE = "it came too late, the slot had been given to another worker"


@pytest.mark.parametrize(
    ("outcome", "settled", "state", "said"),
    [
        (UNAVAILABLE, ENDED, "RETRY", "unavailable: status 503; to be sent again"),
        (HELD, ENDED, "RETRY", "throttled: throttled; to be sent again, no calls for 3 s"),
        (UNAVAILABLE, DIED, "FAILURE", f"gave up: status 503; {LOOK}"),
        (REJECTED, ENDED, "FAILURE", f"rejected: status 422; {LOOK} (request id request-1)"),
        (REJECTED, STALE, "RETRY", f"rejected: status 422: {TOO_LATE}"),
    ],
)
def test_every_other_put_is_a_task_of_its_own(outcome: Outcome, settled: Settled, state: str, said: str) -> None:
    event = put(outcome, settled)
    assert event is not None
    task = shown([event])
    assert (task["name"], task["state"], task["exception"]) == ("receipts.put", state, said)
    assert (task["retries"], task["parent_id"], task["root_id"]) == (2, "a-sync", "a-sync")
    assert task["received"] > 1
    for private in (DIALOG, "7123456", TOKEN, "words of the API"):
        assert private not in str(event)


def test_told_twice_it_is_the_same_task_and_another_claim_is_another() -> None:
    first, again, dead = (
        put(UNAVAILABLE),
        put(UNAVAILABLE),
        death_event("shop", SLOT, "poison: its worker died 5 times"),
    )
    assert first is not None
    assert again is not None
    assert first.fields["uuid"] == again.fields["uuid"] != dead.fields["uuid"]
    task = shown([dead])
    assert (task["name"], task["state"]) == ("receipts.dead", "FAILURE")
    assert DIALOG not in str(dead)


def test_an_outage_is_one_task_however_often_it_comes_back() -> None:
    told: list[Event] = []
    for change, state in (("opened", "FAILURE"), ("closed", "SUCCESS"), ("reopened", "FAILURE"), ("closed", "SUCCESS")):
        told += outage_events("shop", change, "outage", "the chat API fails", 1_700_000_000_000)
        assert shown(told)["state"] == state
    assert shown(told)["received"] == 1_700_000_000


def test_a_syncs_result_counts_by_application_and_verdict() -> None:
    assert counted({"shop": {"sent": 3, "rejected": 1}, "games": {}}, 0) == "shop: rejected=1 sent=3"
    assert counted({"shop": {"sent": 3}, "games": {"sent": 2}}, 4) == "shop: sent=3; games: sent=2; events left out: 4"
    assert counted({"shop": {}}, 0) == "nothing was due"
