"""`python -m worker health live|ready|beat`: exit code 0 for yes, 1 for no, with a line that says why.

live: the worker should go on; ask it to decide about a restart. ready: it does its work now; ask it to decide about a
rollout. beat: beat looks after its schedule. Several of a role in one directory must all be well.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from worker.health.report import DIRECTORY, Report, directory, reports

# A worker writes every two seconds, beat at least every five, and waits for a broker within its sends.
_OLD_AFTER_S = {"worker": 15.0, "beat": 60.0}
QUESTIONS = {"live": "worker", "ready": "worker", "beat": "beat"}
_USAGE = "usage: python -m worker health live|ready|beat"


def main(arguments: Sequence[str]) -> int:
    """Answers one question; exit code 2 for a wrong call."""
    if list(arguments) in (["--help"], ["-h"]):
        print(f"{_USAGE}\n\n{__doc__}")
        return 0
    if len(arguments) != 1 or arguments[0] not in QUESTIONS:
        print(_USAGE, file=sys.stderr)
        return 2
    [question] = arguments
    role = QUESTIONS[question]
    where = directory(os.environ.get(DIRECTORY))
    found = [each for each in reports(where, role) if each.is_of_a_living_process]
    faults = [f"{each.name} (pid {each.pid}): {fault}" for each in found if (fault := _fault(each, question))]
    if not found:
        faults = [f"no {role} runs that reports in {where}"]
    print("; ".join(faults) if faults else f"{question}: {', '.join(each.name for each in found)}")
    return 1 if faults else 0


def _fault(report: Report, question: str) -> str:
    """Why the answer is no; '' for yes."""
    if report.age_s > _OLD_AFTER_S[report.role]:
        return f"it has said nothing for {report.age_s:.0f} s"
    well = report.ready if question == "ready" else report.live
    return "" if well else report.why or "not yet"
