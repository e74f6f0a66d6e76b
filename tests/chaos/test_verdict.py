"""The verdict: each promise, broken alone, is named; a run in which all hold has nothing to say."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.contenders import OURS, PLAIN
from tests.chaos.incidents import Incident
from tests.chaos.judge import Findings
from tests.chaos.puts import Put
from tests.chaos.report import as_json, markdown
from tests.chaos.running import Outcome
from tests.chaos.stage import Options
from tests.chaos.town import dialog_id
from tests.chaos.verdict import verdict_of
from tests.ledger_audit import Accounts
from traffic.evidence import Accepted, Recorded

MARK = Recorded(5.0, "read", dialog_id(1), 101)
PUT = Put(Accepted(5.5, dialog_id(1), 101, read=True), 5.6, 200, applied=True, port=1)
UNHEARD = replace(PUT, status=None)
KILL = Incident("killed: pool child", frozenset({1}), in_flight=1, began_s=5.55, ended_s=5.55)

KILLS_ONLY = Options(receipts=10, kills=2, seed=1, kills_only=True)


def _outcome(**changes: Any) -> Outcome:
    good = Outcome(
        contender=OURS,
        options=Options(receipts=10, kills=2, seed=1),
        findings=Findings(waits_s=[0.5], acknowledged=10, unknown=2),
        puts=[PUT],
        kills=Counter({"pool child": 2}),
        faults=Counter(),
        incidents=[],
        audit=Accounts(recorded=11, covered=11),
        counts={},
        drained_s=1.0,
        left=0,
        took_s=10.0,
        stuck=[],
        shutdowns_s=[],
        shutdowns_late=0,
        unasked=[],
        events=[(3.0, "killed: pool child")],
    )
    return replace(good, **changes)


def _found(**findings: Any) -> Outcome:
    return _outcome(findings=replace(_outcome().findings, **findings))


def test_good_run_breaks_nothing() -> None:
    assert verdict_of(_outcome()).broken == []


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (_found(lost=[MARK]), "1 receipts lost"),
        (_found(dead=[MARK]), "1 receipts dead"),
        (_found(backwards=[(PUT, PUT)]), "1 edits backwards"),
        (_found(stale_texts=["m"]), "1 messages with a stale text"),
        (_found(doubled=[(PUT, PUT)]), "1 slots twice in flight"),
        (replace(_found(duplicates=[(PUT, PUT)] * 2), incidents=[KILL]), "2 duplicates"),
        (
            replace(_found(duplicates=[(UNHEARD, PUT)] * 2), options=KILLS_ONLY, puts=[UNHEARD] * 2, incidents=[KILL]),
            "2 dupl",
        ),
        (replace(_found(duplicates=[(PUT, PUT)]), puts=[PUT, UNHEARD]), "1 duplicates without an incident"),
        (_found(groundless=[PUT]), "1 PUTs without any receipt"),
        (_outcome(drained_s=None), "not drained"),
        (_outcome(audit="m:1:2 does not balance"), "m:1:2"),
        (_outcome(audit=Accounts(recorded=9, covered=9)), "recorded=9"),
        (_outcome(audit=Accounts(recorded=13, covered=13)), "recorded=13"),
        (_outcome(audit=Accounts(recorded=11, covered=10)), "do not balance"),
        (_outcome(audit=Accounts(recorded=11, covered=10, pending=1)), "do not balance"),
        (_outcome(puts=[PUT] * 1_230), "123.0 PUTs per s"),
        (_outcome(stuck=["worker 2"]), "stuck: worker 2"),
        (_outcome(unasked=["worker-2-1 with exit code 70"]), "worker-2-1 with exit code 70"),
        (_outcome(shutdowns_late=1), "1 warm shutdowns beyond 45 s"),
        (_outcome(kills=Counter()), "0 kills only"),
        (_found(acknowledged=9, unknown=3), "9 receipts only"),
    ],
)
def test_broken_promise_is_named(outcome: Outcome, says: str) -> None:
    [broken] = verdict_of(outcome).broken
    assert says in broken


def test_duplicates_are_allowed_where_something_was_in_flight() -> None:
    assert verdict_of(replace(_found(duplicates=[(PUT, PUT)]), incidents=[KILL])).broken == []
    assert verdict_of(replace(_found(duplicates=[(UNHEARD, PUT)]), puts=[UNHEARD])).broken == []


def test_report_shows_both_side_by_side_and_what_befell_a_lost_receipt() -> None:
    ours, peer = _found(lost=[MARK]), replace(_found(lost=[MARK, MARK]), contender=PLAIN, audit=None)
    runs = [(outcome, verdict_of(outcome)) for outcome in (ours, peer)]
    page = markdown(runs, "the command")
    assert "| lost | 1 | 2 |" in page
    assert "BROKEN" in page
    assert "- -2.000 s killed: pool child" in page
    found = json.loads(as_json(runs, "the command"))["runs"]
    assert [run["broken"] for run in found] == [["1 receipts lost"], []]
