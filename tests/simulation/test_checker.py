"""The checker by itself: histories made by hand, each of which breaks one promise, and their honest twins."""

from __future__ import annotations

import dataclasses

import pytest

from receipt_sync import Receipt
from tests.shorthand import EDITS, MARKS, USER, edit, read
from tests.simulation.beside import BrokenPromiseError
from tests.simulation.checker import check
from tests.simulation.decisions import Decisions
from tests.simulation.history import (
    Applied,
    Claimed,
    Ended,
    Event,
    History,
    Recorded,
    RolledBack,
    Sent,
    Settled,
    Stopped,
)
from tests.simulation.setup import draw_setup
from worker.ledger import Again, Dead, Done, EditClaim, MarkClaim, Part
from worker.plan import Limits, Put, next_put

CALM = draw_setup(Decisions())
ROUGH = dataclasses.replace(CALM, fault_one_in=6)


def recorded(at_ms: int, *receipts: Receipt) -> Recorded:
    return Recorded(at_ms, receipts)


def claim_of(text: str, revision: int, turn: int = 0) -> EditClaim:
    return EditClaim(EDITS, turn, 0, 0, "d" * 24, f"u{USER}", None, 0, f"{1:024x}", revision, text)


def put_of(claim: EditClaim | MarkClaim) -> Put:
    return next_put(claim, Limits(50, both_flags=True))


def flight(number: int, at_ms: int, claim: EditClaim | MarkClaim, of_claim: int) -> list[Event]:
    """A PUT from claim to settle; its claim is event number `of_claim`."""
    put = put_of(claim)
    return [
        Claimed(at_ms, claim),
        Sent(at_ms, number, claim, put),
        Applied(at_ms + 1, number),
        Ended(at_ms + 2, number),
        Settled(at_ms + 2, claim.slot, of_claim, Done(put.part), accepted=True, dead=0),
    ]


MARK = MarkClaim(MARKS, 0, 0, 0, "d" * 24, f"u{USER}", None, 0, 1, 0, {}, None)


def rule_broken(*events: Event, drained: bool = True, rate_per_s: int = 0, calm: bool = False) -> str:
    setup = dataclasses.replace(CALM if calm else ROUGH, rate_per_s=rate_per_s)
    try:
        check(History(setup, list(events), drained, 10_000))
    except BrokenPromiseError as broken:
        return broken.rule
    return ""


def test_a_receipt_that_was_sent_keeps_every_promise() -> None:
    assert rule_broken(recorded(0, read()), *flight(1, 5, MARK, 1)) == ""
    assert rule_broken(recorded(0, edit("x", 1)), *flight(1, 5, claim_of("x", 1), 1)) == ""


def test_what_still_waits_has_not_drained() -> None:
    assert rule_broken(recorded(0, read()), drained=False) == "liveness"


def test_a_receipt_that_arrives_after_the_sending_is_not_covered_by_it() -> None:
    claimed, sent, *rest = flight(1, 5, MARK, 1)
    assert rule_broken(recorded(0, read()), claimed, sent, recorded(6, read()), *rest) == "coverage"
    assert rule_broken(recorded(0, read()), claimed, recorded(5, read()), sent, *rest) == ""


def test_a_further_mark_of_a_covered_message_needs_no_put() -> None:
    first, sent = recorded(0, read(up_to=1)), flight(1, 5, MARK, 1)
    assert rule_broken(first, *sent, recorded(9, read(up_to=1))) == ""
    assert rule_broken(first, *sent, recorded(9, read(up_to=2))) == "coverage"


def test_what_died_is_accounted_for() -> None:
    claimed, sent, _, ended, settled = flight(1, 5, MARK, 1)
    assert isinstance(settled, Settled)
    died = dataclasses.replace(settled, outcome=Dead("rejected", "rejected", part=Part("r")), dead=1)
    assert rule_broken(recorded(0, read()), claimed, sent, ended, died) == ""
    assert rule_broken(recorded(0, read()), claimed, sent, ended) == "coverage"


def test_an_older_text_never_follows_a_newer_one() -> None:
    both = recorded(0, edit("old", 1), edit("new", 2))
    newer, older = flight(1, 5, claim_of("new", 2), 1), flight(2, 50, claim_of("old", 1), 6)
    assert rule_broken(both, *newer, *older) == "edit order"
    older_first = [*flight(1, 5, claim_of("old", 1), 1), *flight(2, 50, claim_of("new", 2), 6)]
    assert rule_broken(both, *older_first) == ""


def test_of_equal_revisions_the_later_is_the_newer() -> None:
    both = recorded(0, edit("first", 1), edit("second", 1))
    assert (
        rule_broken(both, *flight(1, 5, claim_of("second", 1), 1), *flight(2, 50, claim_of("first", 1), 6))
        == "edit order"
    )


def test_two_puts_of_a_slot_do_not_overlap() -> None:
    first, sent, *rest = flight(1, 5, MARK, 1)
    second = Sent(6, 2, MARK, put_of(MARK))
    assert rule_broken(recorded(0, read()), first, sent, second, *rest) == "one in flight"
    asleep = dataclasses.replace(second, excused=True)
    assert rule_broken(recorded(0, read()), first, sent, asleep, *rest) == ""


def test_a_claim_is_ended_by_its_holder() -> None:
    events = [recorded(0, read()), *flight(1, 5, MARK, 1)]
    again = Settled(9, MARKS, 0, Done(Part("r")), accepted=True, dead=0)
    assert rule_broken(*events, again) == "own settles"


def test_claims_keep_to_the_rate() -> None:
    events: list[Event] = [recorded(0, read())]
    for n in range(4):
        events += flight(n + 1, 5 + 300 * n, MARK, len(events))
    assert rule_broken(*events, rate_per_s=3) == "rate"
    assert rule_broken(*events, rate_per_s=4) == ""


def test_a_hold_is_kept() -> None:
    claimed, sent, _, ended, settled = flight(1, 5, MARK, 1)
    assert isinstance(settled, Settled)
    held = dataclasses.replace(settled, outcome=Again("throttled", "throttled", hold_ms=200))
    early, late = flight(2, 200, MARK, 5), flight(2, 207, MARK, 5)
    assert rule_broken(recorded(0, read()), claimed, sent, ended, held, *early) == "hold"
    assert rule_broken(recorded(0, read()), claimed, sent, ended, held, *late) == ""


def test_in_calm_weather_nobody_waits_longer_than_the_gather_time() -> None:
    late = dataclasses.replace(MARK, recorded_ms=0)
    assert rule_broken(recorded(0, read()), *flight(1, 5_000, late, 1), calm=True) == "wait"
    assert rule_broken(recorded(0, read()), *flight(1, 5_000, late, 1)) == ""


def refused_flight(number: int, at_ms: int, claim: MarkClaim, of_claim: int) -> list[Event]:
    """A PUT whose session token the API refuses."""
    put = put_of(claim)
    outcome = Again("refused", "unauthorized", wants_token=True)
    settled = Settled(at_ms + 2, claim.slot, of_claim, outcome, accepted=True, dead=0)
    return [Claimed(at_ms, claim), Sent(at_ms, number, claim, put), Ended(at_ms + 2, number), settled]


def test_a_refused_token_is_not_sent_again_in_any_slot_of_its_actor() -> None:
    other = f"m:{'e' * 24}:s{USER}"
    old = dataclasses.replace(MARK, slot=f"m:{'d' * 24}:s{USER}", actor=f"s{USER}", token="old")
    both = recorded(0, read(token="old"), read(dialog="e" * 24, token="old"))
    again, later = dataclasses.replace(old, slot=other), dataclasses.replace(old, token="new")
    refused = refused_flight(1, 5, old, 1)
    assert rule_broken(both, *refused, *flight(2, 20, again, 5)) == "refused tokens"
    assert rule_broken(both, *refused, *flight(2, 20, dataclasses.replace(again, actor="s9"), 5)) == "coverage"
    fresh = dataclasses.replace(again, token="new")
    assert rule_broken(both, *refused, *flight(2, 20, later, 5), *flight(3, 30, fresh, 10)) == ""


def test_what_waited_for_a_token_in_vain_is_accounted_for() -> None:
    waits = recorded(0, read(token="old"))
    slot = f"m:{'d' * 24}:s{USER}"
    assert rule_broken(waits, Stopped(5, slot, dead=1)) == ""
    assert rule_broken(waits, Stopped(5, slot, dead=0)) == "coverage"


@pytest.mark.parametrize(("since", "rule"), [(0, ""), (1, "coverage")])
def test_only_what_redis_has_lost_needs_no_put(since: int, rule: str) -> None:
    assert rule_broken(recorded(0, read()), RolledBack(5, since, 0)) == rule


@pytest.mark.parametrize(("excused", "rule"), [(True, ""), (False, "edit order")])
def test_an_edit_absorbed_behind_an_excused_put_is_covered(excused: bool, rule: str) -> None:  # noqa: FBT001
    old = claim_of("old", 1)
    late: list[Event] = [Sent(20, 2, old, put_of(old), excused=excused), Applied(21, 2), Ended(22, 2)]
    first = recorded(0, edit("old", 1), edit("new", 2))
    assert rule_broken(first, *flight(1, 5, claim_of("new", 2), 1), *late, recorded(50, edit("new", 3))) == rule


@pytest.mark.parametrize(("revision", "rule"), [(3, ""), (6, "coverage")])
def test_what_wins_over_an_edit_counts_though_a_lost_claim_came_over_it(revision: int, rule: str) -> None:
    """As in schedule 100058893: both PUTs slept on their way, and Redis had lost the older one's claim."""
    old, new = claim_of("old", 1), claim_of("new", 5, turn=1)
    lost: list[Event] = [recorded(0, edit("old", 1)), Claimed(5, old), RolledBack(8, 0, 0)]
    claimed, sent, *ended = flight(2, 20, new, 4)
    assert isinstance(sent, Sent)
    newer = [recorded(10, edit("new", 5)), claimed, dataclasses.replace(sent, excused=True), *ended]
    older: list[Event] = [Sent(40, 1, old, put_of(old)), Applied(41, 1), Ended(42, 1)]
    assert rule_broken(*lost, *newer, *older, recorded(50, edit("later", revision))) == rule
