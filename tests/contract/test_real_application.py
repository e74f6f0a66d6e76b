"""The facts in a QuickBlox application of your own, named by QUICKBLOX_CONTRACT_…: `make test-contract`."""

from __future__ import annotations

import os

import pytest

from tests.contract.facts.access import Access, NoCredentialsError
from tests.contract.facts.printing import print_report
from tests.contract.facts.running import Report, ask


@pytest.mark.timeout(1800)  # some 400 calls, slowly, over the internet
def test_what_is_documented_holds_and_nothing_is_left_behind(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        access = Access.from_env(os.environ)
    except NoCredentialsError as sentence:
        pytest.skip(str(sentence))
    report = Report()
    try:
        ask(access, report)
    finally:
        with capsys.disabled():
            print_report(report)
    assert [finding.fact.sentence for finding in report.findings if finding.is_failure] == []
    assert report.left == []
