from dataclasses import replace

import pytest

from demo.accounts import Accounts
from demo.scenario import Scenario
from demo.summary import figures
from demo.verify import Evidence
from demo.weather import Past
from tests.unit.demo.examples import M2, mark, mark_put
from traffic.waits import Fates, fates_of

ALL = "wait for the PUT: p50 / p99 / max"
FAIR = "  of these before the first fault"
ABSORBED = "receipts that were covered already"
PUTS = [mark_put(1.0), mark_put(5.0, status=503), mark_put(15.0)]
# The first fault is at 10: what was recorded within the gather time of 2 seconds before it may have met it.
EVIDENCE = Evidence(
    expected={},
    documents=[],
    puts=PUTS,
    strange=[],
    past=[Past("rain", 10.0, 20.0)],
    cap_per_s=3,
    fates=fates_of([mark(0.0), mark(2.0), mark(8.0, message=M2)], [put.accepted for put in PUTS if put.accepted]),
    recorded=3,
    jobs=0,
    accounts=Accounts(recorded=3, covered=3),
)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return Scenario.make(receipts=100, chat_s=60.0)


def test_waits_are_those_of_all_and_of_what_was_recorded_before_the_faults(scenario: Scenario) -> None:
    told = dict(figures(EVIDENCE, scenario))
    assert told[ALL] == "1.00 / 7.00 / 7.00 s"
    assert told[FAIR] == "1.00 / 1.00 / 1.00 s"


def test_without_faults_all_receipts_count_as_before_them(scenario: Scenario) -> None:
    told = dict(figures(replace(EVIDENCE, past=[]), scenario))
    assert told[FAIR] == told[ALL]


def test_a_run_in_which_nothing_was_covered_has_figures_too(scenario: Scenario) -> None:
    told = dict(figures(replace(EVIDENCE, fates=Fates()), scenario))
    assert (told[ALL], told[FAIR]) == ("-", "-")


def test_absorbed_receipts_and_accepted_puts_are_counted(scenario: Scenario) -> None:
    told = dict(figures(EVIDENCE, scenario))
    assert (told[ABSORBED], told["PUTs sent"], told["  accepted"]) == ("1", "3", "2")
