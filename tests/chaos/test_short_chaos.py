"""A short run of `python -m tests.chaos`: the same faults and the same judge, in seconds."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.contenders import OURS
from tests.chaos.directing import KINDS
from tests.chaos.report import markdown
from tests.chaos.running import run
from tests.chaos.stage import Options
from tests.chaos.verdict import verdict_of

SHORT = Options(
    receipts=6_000,
    kills=6,
    seed=5,
    per_s=600,
    rate_per_s=80,
    workers=2,
    producers=2,
    awake=40,
    at_most_s=60,
    drain_s=60,
)


def test_every_promise_holds_under_faults(tmp_path: Path) -> None:
    outcome = run(OURS, SHORT, tmp_path)
    verdict = verdict_of(outcome)
    assert verdict.broken == [], markdown([(outcome, verdict)], "")
    assert set(outcome.kills) <= set(KINDS)
    assert outcome.kills.total() >= SHORT.kills
    assert outcome.faults.total() >= 3
    assert len(outcome.findings.waits_s) > 0
